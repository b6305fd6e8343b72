/**
 * Asks polkit whether somebody on the bus may do something.
 *
 * Invariants:
 * - Every wait is bounded. A question that is given up is withdrawn, so no password is asked for in vain.
 * - Whatever goes wrong is no permission.
 */
import { type BusLink, isDictionary, isList, Variant } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

/**
 * - `challenge`: yes, after a password.
 * - `absent`: there is no polkit, it does not know the action, or it does not answer.
 */
export type Permission = 'yes' | 'no' | 'challenge' | 'absent';

export const AUTHORITY = {
  destination: 'org.freedesktop.PolicyKit1',
  path: '/org/freedesktop/PolicyKit1/Authority',
  interface: 'org.freedesktop.PolicyKit1.Authority',
} as const;
const ALLOW_USER_INTERACTION = 1;
/** Its rules may run programs. */
const TIMEOUT_MS = 10 * SECOND_MS;
/** People need time to find their password. */
const INTERACTIVE_TIMEOUT_MS = 2 * MINUTE_MS;

let questions = 0;

export interface Question {
  /** The unique name of whom it is about. */
  readonly sender: string;
  readonly action: string;
  readonly interactive: boolean;
}

/** Never rejects. When `signal` is aborted, the answer is no. */
export async function askPolkit(
  link: Pick<BusLink, 'call'>,
  { sender, action, interactive }: Question,
  signal: AbortSignal,
): Promise<Permission> {
  questions += 1;
  const id = `zincati-${questions}`;
  const subject = ['system-bus-name', new Map([['name', new Variant('s', sender)]])];
  try {
    const { signature, body } = await link.call(
      {
        ...AUTHORITY,
        member: 'CheckAuthorization',
        signature: '(sa{sv})sa{ss}us',
        body: [subject, action, new Map(), interactive ? ALLOW_USER_INTERACTION : 0, id],
        timeoutMs: interactive ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS,
      },
      signal,
    );
    const [result] = body;
    if (signature !== '(bba{ss})' || !isList(result)) {
      return 'absent';
    }
    const [isAuthorized, isChallenge, details] = result;
    if (isAuthorized === true) {
      return 'yes';
    }
    const dismissed = isDictionary(details) && details.has('polkit.dismissed');
    return isChallenge === true && !dismissed ? 'challenge' : 'no';
  } catch (error) {
    if (signal.aborted || (error instanceof BusError && error.kind === 'bus_call_timeout')) {
      withdraw(link, id);
    }
    return signal.aborted ? 'no' : 'absent';
  }
}

/** Nobody waits for the answer. */
function withdraw(link: Pick<BusLink, 'call'>, id: string): void {
  link
    .call({
      ...AUTHORITY,
      member: 'CancelCheckAuthorization',
      signature: 's',
      body: [id],
      timeoutMs: TIMEOUT_MS,
    })
    .catch(() => undefined);
}
