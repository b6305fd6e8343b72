/** Plays Ignition: puts the files of a configuration into a tree, with the modes that Ignition gives them. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { filesOf, type IgnitionConfig } from './ignition.ts';

/** `root` is there already. All is owned by who runs this. */
export function placeFiles(root: string, config: IgnitionConfig): void {
  for (const { path, mode, text } of filesOf(config)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text);
    chmodSync(file, mode);
  }
}
