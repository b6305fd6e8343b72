/** What is wrong with a transcript itself, not with what the node does in it. */

/** A line of a transcript's file. `line` counts from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** The message reads `FILE:LINE: expected X, got Y`. */
export class TranscriptFault extends Error {
  constructor({ file, line }: Place, expected: string, got: string) {
    super(`${file}:${line}: expected ${expected}, got ${got}`);
    this.name = 'TranscriptFault';
  }
}
