/**
 * What `--json` prints: one document a line, `{"apiVersion":"zincati.v1","kind":"Status",...}`. Pure.
 *
 * Invariants:
 * - Instants are RFC 3339 in UTC. In the program they are numbers whose key is `at` or ends in `At`.
 * - What is not known is left out, and so is an instant that no calendar has.
 * - Only keys are added, as long as the version is the same. json-schemas.ts describes each kind.
 */
export const API_VERSION = 'zincati.v1';

export const KINDS = [
  'Status',
  'Explanation',
  'Result',
  'Holds',
  'Denials',
  'ConfigCheck',
  'Configuration',
  'Calendar',
  'History',
  'Slot',
  'Support',
  'Error',
] as const;
export type Kind = (typeof KINDS)[number];

/** With its line break. */
export function document(kind: Kind, content: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ apiVersion: API_VERSION, kind, ...content }, instantAsText)}\n`;
}

function instantAsText(key: string, value: unknown): unknown {
  const isInstant = typeof value === 'number' && (key === 'at' || key.endsWith('At'));
  if (!isInstant) {
    return value;
  }
  const date = new Date(value);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
