/** The one form of JSON that commands print. */

/** Its version changes only if something that is there means something else. */
export const API_VERSION = 'zincati.v1';

/** Prints `{"apiVersion": "zincati.v1", "kind": KIND, ...}` on standard output. */
export function printJson(kind: string, content: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ apiVersion: API_VERSION, kind, ...content }, undefined, 2)}\n`);
}
