/**
 * The agent on a real OSTree host: libostree stages and finalizes, systemd reboots, the firmware boots what the boot
 * entries say. Every test has a host of its own, and several run at a time; the themes are in ostree/.
 */
import { beforeAll, describe } from 'vitest';

import { OstreeBed } from '../support/ostree-host.ts';
import { freshBoot } from './ostree/fresh-boot.ts';

const whyNot = OstreeBed.whyNot();

describe.skipIf(whyNot !== undefined)(`an OSTree host${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  let bed: OstreeBed;
  beforeAll(async () => {
    bed = await OstreeBed.build();
    return () => bed[Symbol.asyncDispose]();
  });

  describe('freshly booted', () => freshBoot(() => bed));
});
