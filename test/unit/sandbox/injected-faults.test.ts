import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { InjectedFaults } from '../../../sandbox/injected-faults.ts';
import { setFaults } from '../../../sandbox/stand-in.ts';
import { appSpecificId, ZINCATI_APP_ID } from '../../../src/identity/node-uuid.ts';

const MACHINE_ID = '2a9d1f0c5b7e4d3a8c6f1e2d3b4a5c69';
const OTHER_ID = '3a9d1f0c5b7e4d3a8c6f1e2d3b4a5c69';

it('demo-faults: counts those of the daemon that have struck, and those that the server served to this node', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'injected-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  setFaults(root, { kind: 'deploy-fails', remaining: 2 }, { kind: 'die-mid-download', remaining: 1 });
  const faults = new InjectedFaults(3);
  expect(faults.of(MACHINE_ID, root)).toBe(0);
  // As the daemon uses one up.
  const file = path.join(root, 'var/lib/stand-in/faults.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"remaining": 2', '"remaining": 1'));
  expect(faults.of(MACHINE_ID, root)).toBe(1);
  const query = { node_uuid: appSpecificId(MACHINE_ID, ZINCATI_APP_ID) };
  const served = { at: 0, status: 503, query };
  faults.served({ ...served, fault: 'status' });
  faults.served({ ...served, fault: undefined });
  faults.served({ ...served, fault: 'status', query: {} });
  expect([faults.of(MACHINE_ID, root), faults.of(OTHER_ID, root)]).toEqual([2, 1]);
});
