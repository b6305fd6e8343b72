/** Turns the signals of a transaction into progress. Texts come from outside, so they are made printable. Pure. */
import type { Progress } from '../agent/ports.ts';
import { type BusSignal, type BusValue, isList } from '../dbus/types.ts';
import { printable } from '../text/printable.ts';

/** The progress that a signal reports; undefined when the signal is malformed or reports none. */
export function progressOf({ member, body }: BusSignal): Progress | undefined {
  switch (member) {
    case 'Message':
    case 'TaskBegin': {
      const [text] = body;
      return typeof text === 'string' ? { text: printable(text) } : undefined;
    }
    case 'PercentProgress': {
      const [text, percent] = body;
      if (typeof text !== 'string' || typeof percent !== 'number') {
        return undefined;
      }
      return { text: printable(text), percent: Math.min(percent, 100) };
    }
    case 'DownloadProgress':
      return downloadProgress(body);
    default:
      return undefined;
  }
}

/**
 * A text that differs between two signals when the transaction moved on in between. It leaves out clocks and rates,
 * because they change even when no data arrives.
 */
export function fingerprintOf({ member, body }: BusSignal): string {
  const [, outstanding, metadata, delta, content, transfer] = body;
  const telling =
    member === 'DownloadProgress' ? [outstanding, metadata, delta, content, structure(transfer)?.[0]] : body;
  return `${member} ${JSON.stringify(telling, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`;
}

function downloadProgress(body: readonly BusValue[]): Progress | undefined {
  const [, , metadata, , content, transfer] = body.map(structure);
  const [fetched, requested] = (content ?? []).map(count);
  const [bytes, rate] = (transfer ?? []).map(count);
  if (fetched === undefined || requested === undefined || bytes === undefined || rate === undefined) {
    return undefined;
  }
  const outstandingMetadata = count(metadata?.[2]) ?? 0;
  const counts = { bytesTransferred: bytes, bytesPerSecond: rate };
  // Until all metadata have arrived, the total is unknown.
  if (outstandingMetadata > 0 || requested === 0) {
    return { text: 'fetching metadata', ...counts };
  }
  const percent = Math.min(100, Math.floor((fetched * 100) / requested));
  return { text: `fetching objects: ${fetched} of ${requested}`, percent, ...counts };
}

function structure(value: BusValue | undefined): readonly BusValue[] | undefined {
  return isList(value) ? value : undefined;
}

function count(value: BusValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
