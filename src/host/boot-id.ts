/** The kernel's name for this boot of the machine. */
import path from 'node:path';

import { readSmallText } from '../files/read-small-file.ts';

/** `unknown` where the kernel does not say: then every start of the agent counts as the same boot. */
export async function readBootId(root: string): Promise<string> {
  const text = await readSmallText(path.join(root, 'proc/sys/kernel/random/boot_id')).catch(() => '');
  const id = text.trim();
  return /^[0-9a-f-]{32,36}$/.test(id) ? id : 'unknown';
}
