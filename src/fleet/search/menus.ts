/** What a world answers, and what happens to a node. Data. */
import type { Wish } from '../../agent/requests.ts';
import { Menu, type Option } from './menu.ts';

function menu<N extends string>(
  options: readonly (Option & { readonly name: N })[],
): Menu<Option & { readonly name: N }> {
  return new Menu(options);
}

export const OFFER = menu([
  { name: 'the update is offered' },
  { name: 'the update is not offered', cost: 'restless' },
  { name: 'the server does not answer', cost: 'fault' },
  { name: 'the graph does not know the node', cost: 'fault' },
]);

export const WINDOW = menu([
  { name: 'the window is open' },
  { name: 'the window is closed', cost: 'restless' },
  { name: 'nobody can tell whether the window is open', cost: 'fault' },
]);

export const PEOPLE = menu([
  { name: 'nobody is logged in' },
  { name: 'somebody is logged in', cost: 'restless' },
  { name: 'nobody can tell who is logged in', cost: 'fault' },
]);

/** Asked by a node that holds no slot, while one is free. */
export const LENDING = menu([
  { name: 'the slot is lent' },
  { name: 'another node has the slot', cost: 'restless' },
  { name: 'the lock cannot be reached', cost: 'fault' },
  { name: 'the slot is lent, and the answer is lost', cost: 'fault' },
  { name: 'the question is lost on its way', cost: 'fault' },
  { name: 'the slot is lent as soon as the node is drained', cost: 'fault' },
]);

/** The slot is held already, or none is free. */
export const ASKING = menu([
  { name: 'the lock answers' },
  { name: 'the lock cannot be reached', cost: 'fault' },
  { name: 'the answer is lost', cost: 'fault' },
]);

export const GIVING_BACK = menu([
  { name: 'the slot is given back' },
  { name: 'the lock cannot be reached', cost: 'fault' },
  { name: 'the slot is given back, and the answer is lost', cost: 'fault' },
]);

export const SAVING = menu([{ name: 'the record is written' }, { name: 'the disk is full', cost: 'fault' }]);

export const READING = menu([
  { name: 'the deployments are read' },
  { name: 'rpm-ostree does not answer', cost: 'fault' },
]);

export const STAGING = menu([{ name: 'the update is staged' }, { name: 'staging fails', cost: 'fault' }]);

export const FINALIZING = menu([
  { name: 'the reboot is on its way' },
  { name: 'the finalization is refused', cost: 'fault' },
  { name: 'rpm-ostree vanishes, and nothing is done', cost: 'fault' },
  { name: 'rpm-ostree vanishes, and the reboot is on its way', cost: 'fault' },
  { name: 'the finalization works, and the reboot never comes', cost: 'fault' },
]);

export const BOOTING = menu([
  { name: 'the update is booted' },
  { name: 'the update is lost at shutdown', cost: 'fault' },
  { name: 'the update is booted, and falls back by itself', cost: 'fault' },
]);

export const WISHES: readonly { readonly name: string; readonly wish: Wish }[] = [
  { name: 'check', wish: { kind: 'check' } },
  { name: 'stage', wish: { kind: 'stage', ignoreRollout: false } },
  { name: 'reboot', wish: { kind: 'reboot', overrides: [] } },
  { name: 'reboot past the window', wish: { kind: 'reboot', overrides: ['window'] } },
  { name: 'cancel', wish: { kind: 'cancel' } },
  { name: 'discard', wish: { kind: 'discard' } },
  { name: 'hold', wish: { kind: 'hold', what: 'reboot', reason: '' } },
  { name: 'deny', wish: { kind: 'deny', release: '2', reason: '' } },
];

export interface Turn extends Option {
  readonly kind:
    | 'goes on'
    | 'goes down'
    | 'killed before'
    | 'killed after'
    | 'loses power'
    | 'rebooted'
    | 'rolled back'
    | 'asked';
  readonly wish?: Wish;
  /** While the effect is performed, not before it. */
  readonly isMeanwhile?: true;
}

/** What decides what can happen to a node. */
export interface Occasion {
  readonly isGoingDown: boolean;
  /** It waits while time passes. */
  readonly isResting: boolean;
  /** What is done is there even if the agent does not live to hear of it. */
  readonly leavesSomething: boolean;
  /** A request may cut it short, or is taken beside it. */
  readonly takesLong: boolean;
  readonly canRollBack: boolean;
}

const menus = new Map<number, Menu<Turn>>();

/** The first option is what happens anyway. */
export function turns(occasion: Occasion): Menu<Turn> {
  const { isGoingDown, isResting, leavesSomething, takesLong, canRollBack } = occasion;
  const key = [isGoingDown, isResting, leavesSomething, takesLong, canRollBack].reduce(
    (bits, flag, place) => bits | (flag ? 1 << place : 0),
    0,
  );
  let known = menus.get(key);
  if (known === undefined) {
    known = new Menu(turnsOn(occasion));
    menus.set(key, known);
  }
  return known;
}

function turnsOn({ isGoingDown, isResting, leavesSomething, takesLong, canRollBack }: Occasion): Turn[] {
  const goesDown: Turn = { kind: 'goes down', name: 'the node goes down' };
  const goesOn: Turn = { kind: 'goes on', name: '' };
  // A shutdown is over before anything that a node waits for.
  const anyway = isGoingDown ? (isResting ? [goesDown] : [goesOn, goesDown]) : [goesOn];
  return [
    ...anyway,
    { kind: 'killed before', name: 'the agent is killed', cost: 'crash' },
    ...(leavesSomething
      ? [
          {
            kind: 'killed after',
            name: 'the agent is killed before it hears of that',
            cost: 'crash',
          } as const,
        ]
      : []),
    { kind: 'loses power', name: 'the node loses power', cost: 'crash' },
    ...(isGoingDown ? [] : [{ kind: 'rebooted', name: 'somebody reboots the node', cost: 'crash' } as const]),
    ...(canRollBack
      ? [{ kind: 'rolled back', name: 'somebody rolls the node back', cost: 'fault' } as const]
      : []),
    ...WISHES.map(({ name, wish }): Turn => ({
      kind: 'asked',
      name: `somebody asks: ${name}`,
      cost: 'request',
      wish,
    })),
    ...(takesLong
      ? WISHES.map(({ name, wish }): Turn => ({
          kind: 'asked',
          name: `somebody asks meanwhile: ${name}`,
          cost: 'request',
          wish,
          isMeanwhile: true,
        }))
      : []),
  ];
}
