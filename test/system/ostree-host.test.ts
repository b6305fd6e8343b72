/**
 * The agent on a real OSTree host: libostree stages and finalizes, systemd reboots, and the firmware follows
 * the boot entries. Every test has its own host, and several run at a time. The topics are in ostree/.
 */
import { beforeAll, describe } from 'vitest';

import { OstreeBed } from '../support/ostree-host.ts';
import { faults } from './ostree/faults.ts';
import { freshBoot } from './ostree/fresh-boot.ts';
import { operator } from './ostree/operator.ts';
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
  describe.concurrent('an operator', () => operator(() => bed));
  describe.concurrent('a rollback', () => rollback(() => bed));
  describe.concurrent('a fault', () => faults(() => bed));
  describe.concurrent('freshly booted', () => freshBoot(() => bed));
});
