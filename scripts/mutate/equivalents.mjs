// Changes that no test can notice, each with its reason: a file of `scripts/mutate/equivalents/` for each folder of src.
import { readdirSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, 'equivalents');

export const EQUIVALENTS = [];
for (const name of readdirSync(FOLDER).sort()) {
  const { equivalents } = await import(path.join(FOLDER, name));
  EQUIVALENTS.push(...equivalents);
}
