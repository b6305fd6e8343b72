/**
 * Takes `100 Continue` out of what a server sends before its answer. RFC 9110 lets servers and proxies send it unasked,
 * and undici ends the connection for it. Pure.
 *
 * Invariants:
 * - Only what stands where an answer begins is taken out; nothing within an answer is.
 * - Everything else passes as it came, in order.
 * - At most {@link MOST_HELD_BYTES} are held back. What is longer passes, for undici to refuse.
 */
import { KIBIBYTE } from '../text/units.ts';

const MOST_HELD_BYTES = 16 * KIBIBYTE;
const BEGINNING = /^HTTP\/1\.[01] 100(?=[ \r\n])/;
/** Bytes after which it is known whether an answer begins so. */
const BEGINNING_BYTES = 'HTTP/1.1 100 '.length;
const NOTHING = Buffer.alloc(0);

export class ContinueFilter {
  #isAtBeginning = true;
  #held: Buffer = NOTHING;

  /** A request leaves: what comes next begins an answer. */
  requestSent(): void {
    this.#isAtBeginning = true;
  }

  /** What of the bytes so far may be passed on. */
  pass(chunk: Buffer): Buffer {
    if (!this.#isAtBeginning) {
      return chunk;
    }
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = NOTHING;
    for (;;) {
      if (!mayBegin(bytes)) {
        this.#isAtBeginning = false;
        return bytes;
      }
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) {
        if (bytes.length > MOST_HELD_BYTES) {
          this.#isAtBeginning = false;
          return bytes;
        }
        this.#held = bytes;
        return NOTHING;
      }
      bytes = bytes.subarray(end + 4);
    }
  }
}

/** Whether these bytes are, or may become, the beginning of a `100 Continue`. */
function mayBegin(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, BEGINNING_BYTES);
  if (start.length === BEGINNING_BYTES) {
    return BEGINNING.test(start);
  }
  return ['HTTP/1.1 100 ', 'HTTP/1.0 100 ', 'HTTP/1.1 100\r', 'HTTP/1.0 100\r'].some((form) =>
    form.startsWith(start),
  );
}
