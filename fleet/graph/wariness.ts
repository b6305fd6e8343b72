/** Whose view of rollouts a command takes. Pure. */
import { UsageError } from '../../src/cli/usage-error.ts';
import { printable } from '../../src/errors.ts';

/** 0 to 1. Throws UsageError. */
export function warinessOption(text: string): number {
  const number = /^(?:\d{1,3}(?:\.\d{0,20})?|\.\d{1,20})$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= 0 && number <= 1)) {
    throw new UsageError(
      `--wariness must be a number from 0 to 1, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return number;
}

/** 32 hexadecimal digits, as an agent sends them. Throws UsageError. */
export function nodeOption(text: string): string {
  if (!/^[0-9a-f]{32}$/.test(text)) {
    throw new UsageError(
      `--node must be the uuid of a node, 32 lower-case hexadecimal digits, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return text;
}
