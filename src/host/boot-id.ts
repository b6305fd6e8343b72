/** The kernel's name for this boot of the machine. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** `unknown` where the kernel does not say: then every start of the agent counts as the same boot. */
export async function readBootId(root: string): Promise<string> {
  const text = await readFile(path.join(root, 'proc/sys/kernel/random/boot_id'), 'utf8').catch(() => '');
  const id = text.trim();
  return /^[0-9a-f-]{32,36}$/.test(id) ? id : 'unknown';
}
