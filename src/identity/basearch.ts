/** The processor architecture in RPM's terms. Pure. */
import { IdentityError, printable } from '../errors.ts';

/** Words of `uname -m` or of other tools for which RPM has another one. */
const RPM_NAMES: ReadonlyMap<string, string> = new Map([
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['arm64', 'aarch64'],
]);

const MACHINE = /^[a-z0-9_]{1,32}$/;

/**
 * `machine`: what `uname -m` prints. x86_64, aarch64, ppc64le, s390x and riscv64 are the same in both, and so are the
 * names of younger ports (loongarch64). A name that is not known is passed on: the server decides.
 *
 * Throws IdentityError `identity_basearch`.
 */
export function basearch(machine: string): string {
  if (!MACHINE.test(machine)) {
    throw new IdentityError(
      'identity_basearch',
      `cannot tell the architecture: uname -m must be a word such as x86_64, got ${JSON.stringify(printable(machine))}`,
    );
  }
  return RPM_NAMES.get(machine) ?? machine;
}
