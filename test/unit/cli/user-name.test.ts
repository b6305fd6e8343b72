import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { hostUsers, userName, usersIn } from '../../../src/cli/user-name.ts';

const PASSWD = `root:x:0:0:Super User:/root:/bin/bash
# a comment
core:x:1000:1000:CoreOS Admin:/var/home/core:/bin/bash
admin:x:1000:1000::/home/admin:/bin/bash
evil\u001b[31m:x:1001:1001::/:/bin/sh
no-number:x:abc:1::/:
:x:7:7::/:
`;

it('takes the first name of an id, printable, and nothing from lines that are no entries', () => {
  expect([...usersIn(PASSWD)]).toEqual([
    [0, 'root'],
    [1000, 'core'],
    [1001, expect.not.stringContaining('\u001b')],
  ]);
});

it('names root whatever the file says, and numbers those without a name', () => {
  const users = new Map([
    [0, 'toor'],
    [1000, 'core'],
  ]);
  expect([0, 1000, 4711].map((uid) => userName(uid, users))).toEqual(['root', 'core', 'uid 4711']);
});

it('reads the file of the host, and does without one', async () => {
  const root = await mkdtemp(join(tmpdir(), 'users-'));
  onTestFinished(() => rm(root, { recursive: true }));
  expect(hostUsers(root)).toEqual(new Map());
  await mkdir(join(root, 'etc'));
  await writeFile(join(root, 'etc/passwd'), PASSWD);
  expect(hostUsers(root).get(1000)).toBe('core');
});
