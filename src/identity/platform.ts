/** The platform that the host was made for, from the kernel command line. */
import { join } from 'node:path';

import { IdentityError, reasonOf, printable } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import { readSmallText } from '../files/read-small-file.ts';

const FLAG = 'ignition.platform.id=';
/** What fits into an address and a metric label as it is. */
const PLATFORM = /^[a-zA-Z0-9._-]{1,64}$/;

/** The first value of `ignition.platform.id=`, or undefined. Pure. */
export function platformFromCmdline(cmdline: string): string | undefined {
  return cmdline
    .split(/\s+/)
    .map((argument) => (/^".*"$/.test(argument) ? argument.slice(1, -1) : argument))
    .find((argument) => argument.startsWith(FLAG))
    ?.slice(FLAG.length);
}

/** Reads `root`/proc/cmdline. Rejects with IdentityError `identity_platform`. */
export async function platform(root: string): Promise<string> {
  const file = join(root, '/proc/cmdline');
  let cmdline: string;
  try {
    cmdline = await readSmallText(file);
  } catch (cause) {
    throw unknownPlatform(`cannot read ${file}: ${reasonOf(cause)}`, {
      cause,
      mayCome: errorCode(cause) !== undefined,
    });
  }
  const value = platformFromCmdline(cmdline);
  if (value === undefined) {
    throw unknownPlatform(`cannot tell the platform: ${file} must have ${FLAG}NAME, got none`);
  }
  if (!PLATFORM.test(value)) {
    throw unknownPlatform(
      `cannot tell the platform: ${FLAG} in ${file} must be letters, digits, ".", "_" and "-", got ${JSON.stringify(printable(value))}`,
    );
  }
  return value;
}

function unknownPlatform(
  message: string,
  options?: ErrorOptions & { readonly mayCome?: boolean },
): IdentityError {
  return new IdentityError(
    'identity_platform',
    `${message}; set identity.platform, for example to "metal" or "qemu"`,
    options,
  );
}
