/**
 * How long this node has been up, and whether this is the machine's first boot.
 *
 * Who tells of a first boot:
 * - systemd leaves a flag for the whole boot. By its rules a boot is the first if /etc/machine-id was not there yet.
 * - A host that Ignition provisions has `ignition.firstboot` on its kernel command line in exactly that boot.
 * - Nobody tells of a machine that was cloned after its first boot, so it is not noticed.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';

import { readSmallText } from '../files/read-small-file.ts';
import type { BootFacts } from '../gates/uptime.ts';
import { SECOND_MS } from '../text/units.ts';

const FIRST_BOOT_FLAG = 'run/systemd/first-boot';
const FIRST_BOOT_ARGUMENT = /(?:^|\s)ignition\.firstboot(?:=(?:1|true|yes))?(?=\s|$)/;
const UPTIME = /^(\d+(?:\.\d+)?) /;

/** Rejects when the kernel's files cannot be read. */
export async function readBootFacts(root: string): Promise<BootFacts> {
  const [uptime, commandLine, flagged] = await Promise.all([
    readSmallText(join(root, 'proc/uptime')),
    readSmallText(join(root, 'proc/cmdline')),
    access(join(root, FIRST_BOOT_FLAG)).then(
      () => true,
      () => false,
    ),
  ]);
  const seconds = UPTIME.exec(uptime)?.[1];
  if (seconds === undefined) {
    throw new Error('/proc/uptime must begin with a number of seconds');
  }
  return {
    uptimeMs: Number(seconds) * SECOND_MS,
    firstBoot: flagged || FIRST_BOOT_ARGUMENT.test(commandLine),
  };
}
