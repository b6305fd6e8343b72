/**
 * The agent on a real OSTree host: libostree stages and finalizes, systemd reboots, the firmware boots what the boot
 * entries say. Every test has a host of its own, and several run at a time; the themes are in ostree/.
 */
import { beforeAll, describe } from 'vitest';

import { OstreeBed } from '../support/ostree-host.ts';
import { faults } from './ostree/faults.ts';
import { freshBoot } from './ostree/fresh-boot.ts';
import { rollback } from './ostree/rollback.ts';
import { wholeUpdate } from './ostree/update.ts';

const whyNot = OstreeBed.whyNot();

describe.skipIf(whyNot !== undefined)(`an OSTree host${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  let bed: OstreeBed;
  beforeAll(async () => {
    bed = await OstreeBed.build();
    return () => bed[Symbol.asyncDispose]();
  });

  describe.concurrent('an update', () => wholeUpdate(() => bed));
  describe.concurrent('a rollback', () => rollback(() => bed));
  describe.concurrent('a fault', () => faults(() => bed));
  describe.concurrent('freshly booted', () => freshBoot(() => bed));
});
