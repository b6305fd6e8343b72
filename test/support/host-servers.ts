/**
 * An update server and a lock server in one process, to be run in the network of a booted host. Prints one
 * line of JSON when both listen, and one for each request to the lock server. Ends when its input ends. The
 * first line of its input has the lock server's certificate and key, as JSON.
 */
import { createInterface } from 'node:readline';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { startLockServer } from '../../sandbox/lock-server.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import type { Issued } from './certificates.ts';

const input = createInterface({ input: process.stdin });
const first = await new Promise<string>((resolve) => input.once('line', resolve));
const { cert, key } = JSON.parse(first) as Issued;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const updates = await startCincinnatiServer({
  history: await carriedHistory('stable'),
  stream: 'stable',
  basearch: 'x86_64',
  clock: Date,
});
const locks = await startLockServer({
  groups: { default: 1 },
  clock: Date,
  tls: { cert, key },
  onRequest: ({ api, status }) => say({ api, status }),
});
say({ updates: updates.baseUrl, locks: locks.baseUrl });
input.once('close', () => void Promise.all([updates.stop(), locks.stop()]));
