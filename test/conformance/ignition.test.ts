/**
 * Each example of examples/provisioning, as the tests place its files, and as Debian's Ignition does. The latter needs
 * root.
 *
 * CONFORM_IGNITION_ROOT=/mnt/sysroot is a tree of another host, as Ignition left it, for example of Fedora CoreOS.
 * CONFORM_IGNITION_EXAMPLE names the example that it was made from: `fleet-lock` unless it says otherwise.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FirstBoot, type IgnitionConfig } from '../support/ignition.ts';
import { placeFiles } from '../support/placed-files.ts';
import { IGNITION_STATEMENTS, type IgnitionPeer } from './ignition.ts';
import { type Candidate, conformance } from './statement.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/provisioning');
const uid = process.getuid?.() ?? 0;

const textOf = (name: string): string => readFileSync(join(EXAMPLES, name, 'config.ign'), 'utf8');
const configOf = (name: string): IgnitionConfig => JSON.parse(textOf(name)) as IgnitionConfig;

function standIn(name: string): Candidate<IgnitionPeer> {
  return {
    name: `stand-in, ${name}`,
    start: () => {
      const root = mkdtempSync(join(tmpdir(), 'placed-'));
      chmodSync(root, 0o755);
      const config = configOf(name);
      placeFiles(root, config);
      return Promise.resolve({
        root,
        config,
        uid,
        [Symbol.asyncDispose]: () => {
          rmSync(root, { recursive: true });
          return Promise.resolve();
        },
      });
    },
  };
}

function ofDebian(name: string): Candidate<IgnitionPeer> {
  return {
    name: `Ignition of Debian, ${name}`,
    start: () => {
      const host = new FirstBoot();
      const { status, log } = host.ignite(textOf(name));
      if (status !== 0) {
        host[Symbol.dispose]();
        throw new Error(`Ignition must apply ${name}, got status ${String(status)}: ${log}`);
      }
      return Promise.resolve({
        root: host.root,
        config: configOf(name),
        uid: 0,
        [Symbol.asyncDispose]: () => {
          host[Symbol.dispose]();
          return Promise.resolve();
        },
      });
    },
  };
}

const { CONFORM_IGNITION_ROOT: root, CONFORM_IGNITION_EXAMPLE: example = 'fleet-lock' } = process.env;

const OTHER: readonly Candidate<IgnitionPeer>[] =
  root === undefined
    ? []
    : [
        {
          name: `the tree at ${root}, ${example}`,
          start: () => {
            const config = configOf(example);
            return Promise.resolve({
              root,
              config,
              uid: 0,
              [Symbol.asyncDispose]: () => Promise.resolve(),
            });
          },
        },
      ];

const names = readdirSync(EXAMPLES).toSorted();
conformance('Ignition', IGNITION_STATEMENTS, [
  ...names.map(standIn),
  ...(uid === 0 ? names.map(ofDebian) : []),
  ...OTHER,
]);
