/**
 * Run as a process: reads an update graph from a file and chooses a release from it, once.
 *
 * Arguments: the file, `check` or `json` (only parses the JSON text, for comparison), and the checksum of the booted
 * release.
 */
import { readFileSync } from 'node:fs';
import { CincinnatiClient } from '../src/cincinnati/sources/cincinnati-client.ts';
import { compileForSize } from '../src/memory/lean-runtime.ts';
import { measureOnce } from './measured-process.ts';

const [file = '', mode = '', checksum = ''] = process.argv.slice(2);
const body = readFileSync(file);
// As the agent does before its first request.
compileForSize();

if (mode === 'json') {
  await measureOnce(
    () => body,
    (bytes) => Promise.resolve(JSON.parse(new TextDecoder().decode(bytes))),
  );
} else {
  await measureOnce(
    () =>
      new CincinnatiClient({
        baseUrl: 'http://localhost',
        node: {
          basearch: 'x86_64',
          stream: 'stable',
          platform: 'qemu',
          group: 'default',
          nodeUuid: '2a9d1f0c5b7e4d3a8c6f1e2d3b4a5c69',
          rolloutWariness: undefined,
        },
        clock: Date,
        http: {
          request: () => Promise.resolve({ status: 200, headers: new Map(), body, notModified: false }),
        },
      }),
    async (client) => {
      const booted = { version: 'V0', payload: { scheme: 'checksum', value: checksum } } as const;
      const query = { booted, denied: [], skip: [], allowDowngrade: false };
      const { outcome } = await client.check(query, new AbortController().signal);
      if (outcome.kind !== 'update') {
        throw new Error(`the graph must lead on, got ${outcome.kind}`);
      }
      return outcome;
    },
  );
}
