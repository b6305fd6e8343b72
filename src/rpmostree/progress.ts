/**
 * Turns the signals of a transaction into progress. Texts come from outside, so they are made printable. Pure, but for
 * the count of layers, which is of one transaction.
 */
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

/** `layers needed: 8 (172.2 MB)`; before v2024, `ostree chunk layers stored: 43 needed: 8 (172.2 MB)`. */
const NEEDED = /\blayers (?:stored: \d+ )?needed: (\d{1,6})\b/;
/** The task of one layer. */
const LAYER = /\b(?:layer|chunk|blob)\b/i;

/** Counts the layers of an image while they arrive. Nothing but their beginning and their end is ever told. */
export class LayerCount {
  #needed = 0;
  #done = 0;
  #isLayerOpen = false;

  /** What `signal` tells, with the layers counted; `told`: the progress that it tells by itself. */
  taken({ member, body }: BusSignal, told: Progress | undefined): Progress | undefined {
    const text = typeof body[0] === 'string' ? body[0] : '';
    if (member === 'Message') {
      // A message for each kind of layer: of the base, and of what is on top.
      this.#needed += Number(NEEDED.exec(text)?.[1] ?? 0);
    } else if (member === 'TaskBegin') {
      this.#close();
      this.#isLayerOpen = this.#needed > 0 && LAYER.test(text);
    } else if (member === 'TaskEnd' && this.#isLayerOpen) {
      this.#close();
      return this.#needed === 0 ? told : this.#counted({ text: `layers: ${this.#done} of ${this.#needed}` });
    }
    return told === undefined || this.#needed === 0 ? told : this.#counted(told);
  }

  /** The next task begins where no end was told. */
  #close(): void {
    if (this.#isLayerOpen) {
      this.#done = Math.min(this.#done + 1, this.#needed);
    }
    this.#isLayerOpen = false;
  }

  #counted(progress: Progress): Progress {
    const percent = Math.floor((100 * this.#done) / this.#needed);
    return { percent, ...progress, layersDone: this.#done, layersNeeded: this.#needed };
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
  const [, , metadata, delta, content, transfer] = body.map(structure);
  const [fetched, requested] = (content ?? []).map(count);
  const [bytes, rate] = (transfer ?? []).map(count);
  if (fetched === undefined || requested === undefined || bytes === undefined || rate === undefined) {
    return undefined;
  }
  const outstandingMetadata = count(metadata?.[2]) ?? 0;
  const [parts = 0, , , size = 0] = (delta ?? []).map(count);
  const counts = {
    bytesTransferred: bytes,
    bytesPerSecond: rate,
    // What comes beside the deltas is not part of their size.
    ...(parts > 0 && size >= bytes && { bytesTotal: size }),
  };
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
