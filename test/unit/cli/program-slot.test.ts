import { expect, it } from 'vitest';

import { UTC } from '../../../src/calendar/zone-rules.ts';
import type { Console } from '../../../src/cli/console.ts';
import { Failure } from '../../../src/cli/failure.ts';
import { openProgramSlot } from '../../../src/cli/program-slot.ts';

const CONSOLE: Console = {
  out: () => undefined,
  err: () => undefined,
  terms: () => ({ now: 0, zone: UTC, width: undefined, colour: false, users: new Map() }),
  canRedraw: false,
  height: () => undefined,
  onResize: () => undefined,
  canAsk: false,
  args: ['run-locked', '--app', 'backup', '--', 'tar', 'a b'],
  isRoot: false,
};

it('others than root get the line that may do it', async () => {
  const refusal = openProgramSlot({ root: '/nowhere', app: 'backup' }, CONSOLE);
  await expect(refusal).rejects.toBeInstanceOf(Failure);
  await expect(refusal).rejects.toMatchObject({
    exit: 'notPermitted',
    todo: "sudo zincati run-locked --app backup -- tar 'a b'",
  });
});
