/**
 * Gates in the words of an operator: what each is called, and what it says. Pure.
 *
 * Invariants:
 * - No gate says its own name again, and one that passes says only what is news.
 * - A gate or a label that is not known here speaks in the agent's own words.
 */
import { MINUTE_MS } from '../text/units.ts';
import type { GateFacts } from './agent-facts.ts';
import { inLocalTerms } from './agent-text.ts';
import { distance, localTimeAndDistance, type Terms } from './terms.ts';
import { userName } from './user-name.ts';

/** What people call a gate, as what is needed. Another one has its own name. */
const NAMES: Readonly<Record<string, string>> = {
  enabled: 'updates enabled',
  stage_hold: 'staging allowed',
  foreign_staged: 'nothing foreign',
  denied: 'not denied',
  reboot_brake: 'no reboot loop',
  pacing: 'next look',
  periodic: 'window',
  hold: 'no hold',
  free_space: 'room on /boot',
  rpm_ostree: 'rpm-ostree',
  record: 'state file',
  fleet_lock: 'lock server',
};

export function gateName({ gate }: GateFacts): string {
  return NAMES[gate] ?? gate.replaceAll('_', ' ');
}

export interface GateWords {
  /** Why it keeps the node, as the end of "not now: ". */
  readonly because: string;
  /** What stands beside its name and verdict, with the instants. */
  readonly detail: string;
  /** Both in one line, where its name does not stand beside it. */
  readonly wait: string;
}

/** How a sentence begins that says what the name of its gate has said. */
const OWN_NAMES: Readonly<Record<string, RegExp>> = {
  enabled: /^updates are disabled /,
  boot_complete: /^this boot is not complete: /,
  marker: /^no permission to reboot: /,
  free_space: /^cannot fit the kernel of \S+ on \/boot: /,
};

type OwnWords = Pick<GateWords, 'because' | 'detail'> & Partial<GateWords>;
/** Undefined: the agent's own words. */
type Words = (gate: GateFacts, terms: Terms) => OwnWords | undefined;

/** Of a gate that does not pass. */
export function wordsOf(gate: GateFacts, terms: Terms): GateWords {
  const because = inLocalTerms(gate.reason ?? `${gateName(gate)} does not allow it`, terms, { far: false });
  const own =
    gate.verdict === 'unknown' && gate.class !== 'foreign' ? undefined : HELD[gate.gate]?.(gate, terms);
  if (own === undefined) {
    const whole = withEnd(inLocalTerms(gate.reason ?? '', terms, { far: true }), gate, terms);
    const detail = whole.replace(OWN_NAMES[gate.gate] ?? '', '');
    return { because, detail, wait: whole === '' ? because : whole };
  }
  return { wait: `${own.because}; ${own.detail}`, ...own };
}

/** What stands beside the name of a gate that passes: what the name does not say. */
export function passText(gate: GateFacts, terms: Terms): string {
  const reason = inLocalTerms(gate.reason ?? '', terms, { far: true });
  if (/^overridden\b/.test(reason)) {
    return 'overridden';
  }
  const passed = PASSED[gate.gate];
  return passed === undefined ? seen(reason, gate, terms) : passed(gate, reason, terms);
}

const HELD: Readonly<Record<string, Words>> = {
  pacing: (gate, terms) =>
    gate.label === 'not_offered_yet'
      ? {
          because: 'the update server has not offered it since the agent started',
          detail: `not offered yet; asked again ${endText(gate, terms) ?? 'soon'}`,
        }
      : gate.label === 'retrying'
        ? { because: 'the last attempt failed', detail: `after a failure, ${endText(gate, terms) ?? 'soon'}` }
        : { because: 'the next look has not come', detail: endText(gate, terms) ?? 'soon' },
  periodic: windowWords,
  staged: (gate, terms) =>
    gate.label === 'not_staged'
      ? { because: gate.reason ?? 'nothing is staged', detail: withEnd('not yet', gate, terms) }
      : undefined,
  manual: () => ({ because: 'this node reboots only by hand', detail: 'a person has to do it' }),
  fleet_lock: lockWords,
  hold: ({ evidence: { holds, uid, heldFor }, reason = '' }, terms) => {
    if (typeof holds !== 'string' || typeof uid !== 'number') {
      return undefined;
    }
    const others = holds.split(', ').length - 1;
    const whatFor = typeof heldFor === 'string' ? ` (${heldFor})` : '';
    const more = others === 0 ? '' : `, and by ${others} more`;
    const because = `reboots are held by ${userName(uid, terms.users)}${whatFor}${more}`;
    return {
      because,
      // Each hold has a line of its own there.
      wait: because,
      detail: inLocalTerms(reason.replace(/^reboots are held: /, ''), terms, { far: true }).replaceAll(
        ') (',
        '; ',
      ),
    };
  },
};

function windowWords(gate: GateFacts, terms: Terms): OwnWords | undefined {
  const { label, evidence } = gate;
  const tell = (at: number): string => localTimeAndDistance(at, terms);
  const { opensAt, turnAt, frozenUntilAt, freezeReason, frozenBefore } = evidence;
  if (label === 'splay' && typeof turnAt === 'number') {
    return {
      because: 'the turn of this node in the window has not come',
      detail: `its turn: ${tell(turnAt)}`,
    };
  }
  if (label !== 'outside_window' && label !== 'frozen') {
    return undefined;
  }
  const isLater = typeof opensAt === 'number' && typeof turnAt === 'number' && turnAt - opensAt >= MINUTE_MS;
  const parts = [
    typeof frozenUntilAt === 'number' ? `frozen until ${tell(frozenUntilAt)}: ${freezeReason}` : undefined,
    typeof opensAt === 'number' ? `the next opens ${tell(opensAt)}` : 'no later one is in sight',
    typeof frozenBefore === 'string' ? `those before it are frozen: ${frozenBefore}` : undefined,
    isLater ? `the turn of this node comes ${tell(turnAt)}` : undefined,
  ];
  return {
    because:
      label === 'frozen'
        ? `maintenance windows are frozen (${freezeReason ?? 'a freeze'})`
        : 'no maintenance window is open',
    detail: parts.filter((part) => part !== undefined).join('; '),
  };
}

function lockWords(gate: GateFacts, terms: Terms): OwnWords | undefined {
  const { lastAnswer, lastReason } = gate.evidence;
  if (typeof lastAnswer !== 'string' || lastAnswer === 'granted') {
    return undefined;
  }
  const said = typeof lastReason === 'string' ? `: ${lastReason}` : '';
  const because =
    lastAnswer === 'failed'
      ? `the lock server did not answer${said}`
      : `the lock server lends no slot${said}`;
  const detail = withEnd(gate.reason ?? because, gate, terms);
  return { because, detail, wait: seen(because, gate, terms) };
}

const nothing = (): string => '';

const PASSED: Readonly<Record<string, (gate: GateFacts, reason: string, terms: Terms) => string>> = {
  enabled: nothing,
  staged: nothing,
  denied: nothing,
  hold: nothing,
  immediate: nothing,
  uptime: nothing,
  record: nothing,
  reboot_brake: ({ label }, reason) => (label === 'missed_reboots' ? reason : ''),
  pacing: () => 'now',
  periodic: ({ endsAt }, _, terms) =>
    endsAt === undefined ? 'open' : `open until ${localTimeAndDistance(endsAt, terms)}`,
  boot_complete: ({ evidence }, reason) => (Object.keys(evidence).length === 0 ? reason : ''),
  inhibitors: () => 'none',
  free_space: ({ evidence: { freeBytes, neededBytes } }, reason) =>
    typeof freeBytes === 'number' && typeof neededBytes === 'number'
      ? `${Math.floor(freeBytes / MEGABYTE)} MB free, ${Math.ceil(neededBytes / MEGABYTE)} MB needed`
      : reason,
  people: ({ label }, reason) => (label === 'nobody' ? 'nobody' : reason),
  rpm_ostree: () => 'idle',
};

/** As the agent says it where there is too little room. */
const MEGABYTE = 1_000_000;

/** A reason with what belongs to it, where its sentence has no instant of its own. */
function withEnd(reason: string, gate: GateFacts, terms: Terms): string {
  const { latestAt } = gate;
  const until = endText(gate, terms);
  const parts = [
    reason,
    until === undefined || reason.includes(until) ? undefined : `not before ${until}`,
    latestAt === undefined ? undefined : `at the latest ${localTimeAndDistance(latestAt, terms)}`,
  ];
  return seen(parts.filter((part) => part !== undefined && part !== '').join('; '), gate, terms);
}

/** "Not before now" says nothing. */
function endText({ earliestAt }: GateFacts, terms: Terms): string | undefined {
  return earliestAt !== undefined && earliestAt > terms.now
    ? localTimeAndDistance(earliestAt, terms)
    : undefined;
}

const FRESH_MS = MINUTE_MS;

function seen(text: string, { asOfAt }: GateFacts, terms: Terms): string {
  const isOld = asOfAt !== undefined && terms.now - asOfAt >= FRESH_MS;
  return isOld && text !== '' ? `${text}; seen ${distance(asOfAt, terms)}` : text;
}
