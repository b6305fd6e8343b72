/** A drop-in that the agent may not read. Apart, because only the main thread of a process can change its user. */
import { chmod } from 'node:fs/promises';
import { expect, it } from 'vitest';

import { readDropIns } from '../../../src/config/drop-ins.ts';
import { HostTree } from '../../support/host-tree.ts';

const DROP_IN = '/etc/zincati/config.d/10-a.toml';

it('a file without permission is an error that says what to do', async () => {
  await using host = await HostTree.create({ [DROP_IN]: '' });
  await chmod(host.root, 0o755);
  await chmod(host.at(DROP_IN), 0);
  // Root can read everything, so become `nobody` for a moment.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) {
    process.seteuid?.(65_534);
  }
  try {
    const { errors } = await readDropIns(host.root);
    expect(errors.map(({ kind }) => kind)).toEqual(['config_unreadable']);
    expect(errors[0]?.message).toContain(
      `cannot read ${host.at(DROP_IN)}: permission denied (EACCES); let user zincati read it`,
    );
  } finally {
    if (isRoot) {
      process.seteuid?.(0);
    }
  }
});
