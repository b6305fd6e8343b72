/**
 * A transaction's signals as progress. Pure; texts come from outside and are made fit for one line.
 */
import type { Progress } from '../agent/ports.ts';
import type { BusSignal, BusValue } from '../dbus/types.ts';
import { printable } from '../text/printable.ts';

/** What a signal says, or undefined for one that says nothing to people or is not what its name promises. */
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
 * What must differ from the signal before for a transaction to count as moving. Clocks and rates are left out: they
 * change while nothing arrives.
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
  // Until all metadata are there nobody knows how much will be asked for.
  if (outstandingMetadata > 0 || requested === 0) {
    return { text: 'fetching metadata', ...counts };
  }
  const percent = Math.min(100, Math.floor((fetched * 100) / requested));
  return { text: `fetching objects: ${fetched} of ${requested}`, percent, ...counts };
}

function structure(value: BusValue | undefined): readonly BusValue[] | undefined {
  return Array.isArray(value) ? (value as readonly BusValue[]) : undefined;
}

function count(value: BusValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
