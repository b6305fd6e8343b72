/**
 * Conformance: what the project believes about the things outside, as statements in the words of their contracts. Each
 * is checked against the stand-in that plays the thing, and against the real thing where the environment names one.
 *
 * Invariants:
 * - A statement knows the peer only through what a client of it sees. The same code runs against both.
 * - Each belief has a source: code, documentation, or the thing itself run.
 * - A real thing that is named and cannot be reached fails. One that is not named is not missed.
 */
import { describe, expect, it } from 'vitest';

export interface Statement<Peer> {
  /** In the words of the contract: "after X, Y holds". Unique within its suite. */
  readonly says: string;
  /** Where this is known from: a file or page of the peer and its version, or "run: VERSION". */
  readonly source: string;
  readonly check: (peer: Peer) => Promise<void>;
}

/** One way to come by a peer: a stand-in, or the real thing. */
export interface Candidate<Peer> {
  /** For people: `stand-in`, `dbus-broker`, `rpm-ostree at unix:path=...`. */
  readonly name: string;
  /** A fresh peer for one statement. Disposing of it leaves nothing behind. */
  readonly start: () => Promise<Peer & AsyncDisposable>;
}

/** A suite as tests: each statement against each candidate. */
export function conformance<Peer>(
  thing: string,
  statements: readonly Statement<Peer>[],
  candidates: readonly Candidate<Peer>[],
): void {
  describe(`conformance of ${thing}`, () => {
    it('has statements with sources, each said once', () => {
      expect(statements.length).toBeGreaterThan(0);
      expect(new Set(statements.map(({ says }) => says)).size).toBe(statements.length);
      expect(statements.filter(({ source }) => source.trim() === '')).toEqual([]);
    });
    describe.each(candidates)('$name', ({ start }) => {
      it.each(statements)('$says', async ({ check }) => {
        await using peer = await start();
        await check(peer);
      });
    });
  });
}
