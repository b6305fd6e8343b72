import { expect, it } from 'vitest';

import { decodeSample } from '../../support/agent-samples.ts';
import { reached } from '../../../src/cli/wait.ts';
import { dictionary, type Plain } from '../../support/fake-agent.ts';

const NONE = dictionary({});

it.each<[Parameters<typeof reached>[0], string, Readonly<Record<string, Plain>>, boolean]>([
  ['staged', 'a release is', {}, true],
  ['staged', 'none is', { Staged: NONE }, false],
  ['staged', 'a better one is on its way', { Progress: dictionary({ text: 'receiving' }) }, false],
  ['rebooted', 'a release waits', {}, false],
  ['rebooted', 'nothing is on its way', { State: 'NoNewUpdate', Staged: NONE, Target: NONE }, true],
  ['rebooted', 'the agent has not looked yet', { State: 'StartState', Staged: NONE, Target: NONE }, false],
  ['rebooted', 'one is found', { State: 'UpdateAvailable', Staged: NONE }, false],
  ['idle', 'a release waits for its reboot', {}, true],
  ['idle', 'it is being staged', { Progress: dictionary({ text: 'receiving' }) }, false],
  ['idle', 'one is found', { State: 'UpdateAvailable', Staged: NONE }, false],
])('%s, where %s', (goal, _, properties, is) => {
  expect(reached(goal, decodeSample(properties)) !== undefined).toBe(is);
});
