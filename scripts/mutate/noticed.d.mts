/** Types of noticed.mjs, for its test. */
export interface Equivalent {
  readonly file: string;
  /** The whole lines before the change, as one line with single blanks. */
  readonly was: string;
  /** The same after it. Several changes may have one reason. */
  readonly becomes: string | readonly string[];
  readonly why: string;
}
export interface Report {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string;
        readonly mutants: readonly {
          readonly status: string;
          readonly replacement: string;
          /** Lines and columns count from 1. The end is the first column after the change. */
          readonly location: {
            readonly start: { readonly line: number; readonly column: number };
            readonly end: { readonly line: number; readonly column: number };
          };
        }[];
      }
    >
  >;
}
export function count(
  report: Report,
  equivalents: readonly Equivalent[],
  whole?: boolean,
): {
  readonly lived: readonly {
    readonly file: string;
    readonly line: number;
    readonly was: string;
    readonly becomes: string;
    readonly untested: boolean;
  }[];
  readonly slow: readonly {
    readonly file: string;
    readonly line: number;
    readonly was: string;
    readonly becomes: string;
  }[];
  readonly complaints: readonly string[];
  readonly noticed: number;
  readonly equivalent: number;
  readonly valid: number;
  readonly percent: number;
};
