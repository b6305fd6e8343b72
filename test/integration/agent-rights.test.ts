/** Work with the rights of another user: a real process of root, real files. */
import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

import { HostTree } from '../support/host-tree.ts';

const MODULE = join(import.meta.dirname, '../../src/host/agent-rights.ts');
/** Every distribution has it, with a group of its name. */
const USER = 'daemon';

it.skipIf(process.geteuid?.() !== 0)(
  'files of root stay closed meanwhile, whatever thread opens them',
  async () => {
    await using tree = await HostTree.create({ '/secret': 'root alone', '/open': 'all' });
    await chmod(tree.root, 0o755);
    await chmod(tree.at('/secret'), 0o600);
    const script = `
    import { readFile } from 'node:fs/promises';
    import { asAgent } from ${JSON.stringify(MODULE)};
    const read = async (name) => {
      // As many at once as there are threads, and twice as many again.
      const all = await Promise.all(
        Array.from({ length: 12 }, () => readFile(name, 'utf8').catch((error) => error.code)),
      );
      return [...new Set(all)].join();
    };
    const [secret, open] = ${JSON.stringify([tree.at('/secret'), tree.at('/open')])};
    const before = await read(secret);
    const during = await asAgent('/', async () => [await read(secret), await read(open), process.geteuid() === 0], {
      user: ${JSON.stringify(USER)},
    });
    const groups = process.getgroups().length;
    console.log(JSON.stringify({ before, during, after: await read(secret), same: groups === ${process.getgroups?.().length ?? 0} }));
  `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toEqual({
      before: 'root alone',
      during: ['EACCES', 'all', false],
      after: 'root alone',
      same: true,
    });
  },
);
