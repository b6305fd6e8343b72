/** Types of progress.mjs, for the tests' beds. */
export class Progress {
  constructor(script: string, total: number);
  expect(more: number): void;
  begin(what: string): string;
  step<T>(what: string, work: (tell: (detail: string) => void) => Promise<T> | T): Promise<T>;
}
