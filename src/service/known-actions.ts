/**
 * Whether polkit knows our actions, and answers the agent about others.
 *
 * Invariants:
 * - Asking changes nothing, and asks nobody for a password: the question is about process 1, which is root's.
 * - Whoever sends signals makes no more than one look in {@link PAUSE_MS}. Looks never overlap.
 */
import type { Clock } from '../agent/ports.ts';
import { signalRule } from '../dbus/calls.ts';
import { BUS_NAME } from '../dbus/message.ts';
import { type BusLink, Variant } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { ACTION_PREFIX, ACTIONS, type Action } from './actions.ts';
import { AUTHORITY } from './polkit.ts';

/** Between two looks. */
export const PAUSE_MS = 2 * SECOND_MS;
/** The bus may have to start it first. */
const TIMEOUT_MS = 30 * SECOND_MS;

const ERROR = 'org.freedesktop.PolicyKit1.Error.';
/** Of our package, for this version. */
const POLICY = 'org.coreos.zincati.policy';

export type KnownActions =
  | { readonly kind: 'known' }
  /** Polkit answers, and does not know these, or does not take them for the agent's. */
  | { readonly kind: 'unknown'; readonly actions: readonly Action[] }
  /** Polkit cannot be asked at all. */
  | { readonly kind: 'absent' };

/** Never rejects. */
export async function findKnownActions(
  link: Pick<BusLink, 'call'>,
  signal: AbortSignal,
): Promise<KnownActions> {
  const actions: Action[] = [];
  for (const action of ACTIONS) {
    const answer = await isKnown(link, action, signal);
    if (answer === 'absent') {
      return { kind: 'absent' };
    }
    if (answer === 'unknown') {
      actions.push(action);
    }
  }
  return actions.length === 0 ? { kind: 'known' } : { kind: 'unknown', actions };
}

async function isKnown(
  link: Pick<BusLink, 'call'>,
  action: Action,
  signal: AbortSignal,
): Promise<'known' | 'unknown' | 'absent'> {
  const details = { pid: new Variant('u', 1), 'start-time': new Variant('t', 0n), uid: new Variant('i', 0) };
  const subject = ['unix-process', new Map(Object.entries(details))];
  const name = ACTION_PREFIX + action;
  try {
    await link.call(
      {
        ...AUTHORITY,
        member: 'CheckAuthorization',
        signature: '(sa{sv})sa{ss}us',
        body: [subject, name, new Map(), 0, ''],
        timeoutMs: TIMEOUT_MS,
      },
      signal,
    );
    return 'known';
  } catch (error) {
    return error instanceof BusError && saysUnknown(error, name) ? 'unknown' : 'absent';
  }
}

/** Root is told that an action is not registered; others that they do not own it, be it registered or not. */
function saysUnknown({ errorName, remoteText = '' }: BusError, action: string): boolean {
  return (
    errorName === `${ERROR}NotAuthorized` || (errorName === `${ERROR}Failed` && remoteText.includes(action))
  );
}

/** What is so, and what to do; "" where nothing is to be done. */
export function permissionText(found: KnownActions): string {
  switch (found.kind) {
    case 'known':
      return '';
    case 'absent':
      return 'only root may act: polkit does not answer; `systemctl status polkit.service` says why';
    case 'unknown': {
      const [first, ...more] = found.actions;
      const others = more.length === 0 ? '' : ` and ${more.length} more`;
      const so = found.actions.length === ACTIONS.length ? 'only root may act' : 'only root may do all';
      return `${so}: polkit does not know ${ACTION_PREFIX}${first ?? ''}${others}; put ${POLICY} of this version into /usr/share/polkit-1/actions`;
    }
  }
}

export class ActionsWatch {
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #onFound: () => void;
  #found: KnownActions | undefined;
  #look: () => void = () => undefined;

  constructor(clock: Pick<Clock, 'sleep'>, onFound: () => void) {
    this.#clock = clock;
    this.#onFound = onFound;
  }

  /** As it was at the last look; undefined: nobody has looked yet. */
  get found(): KnownActions | undefined {
    return this.#found;
  }

  /** Looks on `link` now, and again whenever polkit says that something changed, until `until`. Never rejects. */
  async follow(link: BusLink, until: AbortSignal): Promise<void> {
    this.#look = once(async () => {
      const found = await findKnownActions(link, until);
      if (!until.aborted) {
        this.#found = found;
        this.#onFound();
        await this.#clock.sleep(PAUSE_MS, until).catch(() => undefined);
      }
    }, until);
    const look = (): void => this.look();
    const changed = { path: AUTHORITY.path, interface: AUTHORITY.interface, member: 'Changed' };
    const owner = { interface: BUS_NAME, member: 'NameOwnerChanged' };
    const stops = [
      link.onSignal(changed, look),
      link.onSignal(owner, ({ sender, body: [name, , now] }) => {
        if (sender === BUS_NAME && name === AUTHORITY.destination && now !== '') {
          look();
        }
      }),
    ];
    until.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
    look();
    const rules = [
      signalRule({ sender: AUTHORITY.destination, ...changed }),
      signalRule({ sender: BUS_NAME, member: owner.member, arg0: AUTHORITY.destination }),
    ];
    // A bus that takes no rule is one that is going away, and then all of this begins anew.
    await Promise.all(rules.map((rule) => link.addMatch(rule, until))).catch(() => undefined);
  }

  /** Asks for a look, now or after the pause. */
  look(): void {
    this.#look();
  }
}

/** Calls `work`, and once more after it for all who asked meanwhile. */
function once(work: () => Promise<void>, until: AbortSignal): () => void {
  let isRunning = false;
  let isAsked = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (isAsked && !until.aborted) {
      isAsked = false;
      await work();
    }
    isRunning = false;
  };
  return () => {
    isAsked = true;
    if (!isRunning) {
      void run();
    }
  };
}
