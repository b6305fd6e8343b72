/**
 * Makes one script of a benchmark's work, as the build makes the program. Otherwise its process would first take the types
 * out of each file, and V8 would still compile for that while the work is measured.
 */
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';

/** Resolves with the path of the script, which is in `folder`. */
export async function bundledWork(source: string, folder: string): Promise<string> {
  const file = join(folder, basename(source, '.ts') + '.mjs');
  const bundle = await rolldown({ input: source, platform: 'node', external: [/^node:/] });
  await bundle.write({ file, format: 'esm' });
  await bundle.close();
  return file;
}
