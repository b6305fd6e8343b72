/** What the agent believes about polkit: how it answers about actions that it does not know, and about others. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';

import type { PolkitHost } from '../support/polkit-host.ts';
import type { Statement } from './statement.ts';

const POLKIT = 'org.freedesktop.PolicyKit1';
const PATH = '/org/freedesktop/PolicyKit1/Authority';
const INTERFACE = `${POLKIT}.Authority`;
const ACTION = 'org.coreos.zincati.check';
/** Process 1, which is root's. */
const SUBJECT = "('unix-process',{'pid':<uint32 1>,'start-time':<uint64 0>,'uid':<int32 0>})";
const ROOT = 0;
/** Stands in for user zincati. */
const AGENT = { name: 'nobody', uid: 65_534 } as const;

const policy = readFileSync(join(import.meta.dirname, '../../systemd/org.coreos.zincati.policy'), 'utf8');
/** Our actions, with the agent's user as their owner. */
export const OWNED = policy.replaceAll('unix-user:zincati', `unix-user:${AGENT.name}`);
export const UNOWNED = policy.replaceAll(/ *<annotate .*\n/g, '');

const RUN = 'run: polkit 122';
const SOURCE = 'src/polkitbackend/polkitbackendinteractiveauthority.c, check_authorization, polkit 122';

function ask(host: PolkitHost, uid: number): Promise<string> {
  return host.call(uid, POLKIT, PATH, `${INTERFACE}.CheckAuthorization`, SUBJECT, ACTION, '{}', '0', '');
}

export const UNKNOWN_STATEMENTS: readonly Statement<PolkitHost>[] = [
  {
    says: 'root who asks about an action that is not registered gets Error.Failed, whose text names the action',
    source: `${RUN}; ${SOURCE}`,
    check: (host) =>
      expect(ask(host, ROOT)).rejects.toThrow(`${POLKIT}.Error.Failed: Action ${ACTION} is not registered`),
  },
  {
    says: 'others who ask about somebody else and an action that is not registered get Error.NotAuthorized',
    source: `${RUN}; ${SOURCE}`,
    check: (host) => expect(ask(host, AGENT.uid)).rejects.toThrow(`${POLKIT}.Error.NotAuthorized`),
  },
  {
    // A package is renamed into place. Of a file that is written in place polkit hears by GLib's hint that changes are
    // done, which did not always come.
    says: 'after a file of actions is added Changed comes without a restart, and the actions are known',
    source: `${RUN}; polkitbackendactionpool.c: files that appear and disappear count`,
    check: async (host) => {
      const monitor = spawn('gdbus', ['monitor', '--address', host.bus.address, '--dest', POLKIT], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const lines = createInterface({ input: monitor.stdout })[Symbol.asyncIterator]();
        const until = async (text: string): Promise<void> => {
          for (let line = await lines.next(); !line.done; line = await lines.next()) {
            if (line.value.includes(text)) {
              return;
            }
          }
          throw new Error(`${text} did not come`);
        };
        await until('is owned by');
        host.writeActions(OWNED);
        await until(`${PATH}: ${INTERFACE}.Changed ()`);
        await expect(ask(host, AGENT.uid)).resolves.toContain('(true, false,');
      } finally {
        monitor.kill('SIGKILL');
        await once(monitor, 'exit');
      }
    },
  },
];

export const UNOWNED_STATEMENTS: readonly Statement<PolkitHost>[] = [
  {
    says: 'others who do not own an action get Error.NotAuthorized about somebody else, though it is registered',
    source: `${RUN}; ${SOURCE}`,
    check: (host) => expect(ask(host, AGENT.uid)).rejects.toThrow(`${POLKIT}.Error.NotAuthorized`),
  },
];

export const OWNED_STATEMENTS: readonly Statement<PolkitHost>[] = [
  {
    says: 'who owns an action is answered about somebody else, and root may everything that is registered',
    source: `${RUN}; ${SOURCE}`,
    check: async (host) => {
      expect(await ask(host, AGENT.uid)).toContain('(true, false,');
      expect(await ask(host, ROOT)).toContain('(true, false,');
    },
  },
];
