/** The shape of a fault that can be put back into the code, and of the tests that must notice. */

export interface Edit {
  /** Below the project. */
  readonly file: string;
  /** Text that is there exactly once. */
  readonly find: string;
  /** What stands there with the fault. */
  readonly put: string;
}

export interface PutBackFault {
  /** `B1`, or a word of its own for a fault of the world test. */
  readonly id: string;
  /** What goes wrong on a host, one sentence. */
  readonly fault: string;
  readonly edits: readonly Edit[];
  readonly project: 'unit' | 'integration' | 'system';
  /** The file with the tests that must fail. */
  readonly test: string;
  /** A part of their names. */
  readonly named: string;
}
