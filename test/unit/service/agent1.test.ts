import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ERROR_NAME } from '../../../src/dbus/message.ts';
import { type BusValue, Variant } from '../../../src/dbus/types.ts';
import { ConfigError } from '../../../src/errors.ts';
import { decodeHappened } from '../../support/wire/decode-answers.ts';
import { decodeJob, decodeResult } from '../../support/wire/decode-job.ts';
import { decodeSnapshot } from '../../support/wire/decode.ts';
import { CALLS_PER_SECOND, MOST_CALLS_OF_ONE } from '../../../src/service/limits.ts';
import { SLICE_MS } from '../../../src/service/expiry.ts';
import { CHECK_IS_FRESH_MS, KEPT_MS, MOST_JOBS_OF_ONE } from '../../../src/service/jobs.ts';
import {
  AGENT_INTERFACE,
  AGENT_PATH,
  ERROR_PREFIX,
  JOB_INTERFACE,
  LOG_CONTROL_INTERFACE,
  LOG_CONTROL_PATH,
} from '../../../src/service/names.ts';
import { AgentBus, type Answered } from '../../support/agent-bus.ts';
import { SNAPSHOT } from '../../support/fake-agent-port.ts';
import { settle } from '../../support/virtual-clock.ts';

const ROOT = ':1.1';
const CORE = ':1.2';
const OTHER = ':1.3';
const PROPERTIES = 'org.freedesktop.DBus.Properties';
const INTERACTIVE_FLAG = 4;

let bus: AgentBus;
beforeEach(async () => {
  bus = await AgentBus.start();
  bus.uids.set(ROOT, 0).set(CORE, 1000).set(OTHER, 1001);
});
afterEach(async () => {
  await bus.stop();
  expect(bus.faults).toEqual([]);
  expect(bus.agent.listeners).toBe(0);
});

function values(answer: Answered): ReadonlyMap<string, BusValue> {
  const [found] = answer.args as [ReadonlyMap<string, Variant>];
  return new Map([...found].map(([name, { value }]) => [name, value]));
}

async function propertiesOf(
  path: string,
  name: string,
  sender = CORE,
): Promise<ReadonlyMap<string, BusValue>> {
  return values(await bus.call(sender, 'GetAll', 's', [name], { path, interface: PROPERTIES }));
}

const textOf = (value: BusValue | undefined) => (typeof value === 'string' ? value : '');
const jobOf = async (path: BusValue | undefined) =>
  decodeJob(await propertiesOf(textOf(path), JOB_INTERFACE));
const errorOf = async (answer: Promise<Answered>) => (await answer).errorName;

describe('properties', () => {
  it('are the snapshot, for everybody', async () => {
    expect(decodeSnapshot(await propertiesOf(AGENT_PATH, AGENT_INTERFACE))).toEqual(SNAPSHOT);
    const get = await bus.call(CORE, 'Get', 'ss', [AGENT_INTERFACE, 'State'], { interface: PROPERTIES });
    expect(get.args).toEqual([new Variant('s', 'NoNewUpdate')]);
  });

  it('cannot be set', async () => {
    const value = [AGENT_INTERFACE, 'State', new Variant('s', 'x')];
    const set = bus.call(ROOT, 'Set', 'ssv', value, { interface: PROPERTIES });
    expect(await errorOf(set)).toBe(ERROR_NAME.propertyReadOnly);
  });

  it('are announced when they change, and only those that did', async () => {
    bus.agent.change({ statusText: 'new', checks: { ...SNAPSHOT.checks } });
    bus.agent.change({ statusText: 'new' });
    await settle();
    expect(bus.signals.map(({ path, interface: name, member, args }) => [path, name, member, args])).toEqual([
      [
        AGENT_PATH,
        PROPERTIES,
        'PropertiesChanged',
        [AGENT_INTERFACE, new Map([['StatusText', new Variant('s', 'new')]]), []],
      ],
    ]);
  });

  it('hold-over: a hold that ends by itself is told as over, though nothing else happens', async () => {
    const untilAt = bus.clock.now() + 100_000;
    const hold = { id: 'h1', what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 0, untilAt } as const;
    const snapshot = bus.agent.now;
    bus.agent.snapshot = () => ({ ...snapshot, holds: bus.clock.now() < untilAt ? [hold] : [] });
    bus.agent.change({});
    const holds = async () =>
      decodeSnapshot(await propertiesOf(AGENT_PATH, AGENT_INTERFACE)).holds.map(({ id }) => id);
    expect(await holds()).toEqual(['h1']);
    bus.signals.length = 0;
    await bus.clock.advance(99_999);
    expect(await holds()).toEqual(['h1']);
    await bus.clock.advance(1);
    expect(await holds()).toEqual([]);
    expect(bus.signals.map(({ member }) => member)).toEqual(['PropertiesChanged']);
  });

  it('hold-over: so it is where the clock is set to after its end', async () => {
    const untilAt = bus.clock.now() + 3_600_000;
    const hold = { id: 'h1', what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 0, untilAt } as const;
    const snapshot = bus.agent.now;
    bus.agent.snapshot = () => ({ ...snapshot, holds: bus.clock.now() < untilAt ? [hold] : [] });
    bus.agent.change({});
    bus.clock.setWall(untilAt + 1);
    await bus.clock.advance(SLICE_MS);
    expect(decodeSnapshot(await propertiesOf(AGENT_PATH, AGENT_INTERFACE)).holds).toEqual([]);
  });

  it('texts from outside are printable', async () => {
    bus.agent.change({ statusText: 'a\u001b[31mb\0' });
    const get = await bus.call(CORE, 'Get', 'ss', [AGENT_INTERFACE, 'StatusText'], { interface: PROPERTIES });
    expect(get.args).toEqual([new Variant('s', 'a\uFFFD[31mb\uFFFD')]);
  });
});

describe('signals', () => {
  it('a new entry of the history', async () => {
    const entry = { at: 1_700_000_000_000, kind: 'staged', text: '43.2 staged', fields: { bytes: 7 } };
    bus.agent.happen(entry);
    await settle();
    expect(bus.signals).toMatchObject([{ path: AGENT_PATH, interface: AGENT_INTERFACE, member: 'Happened' }]);
    expect(decodeHappened(bus.signals[0]?.args[0])).toEqual(entry);
  });
});

describe('who may', () => {
  it('root, without polkit', async () => {
    const held = await bus.call(ROOT, 'Hold', 'sa{sv}', [
      'reboot',
      new Map([['reason', new Variant('s', 'x')]]),
    ]);
    expect(held.errorName).toBeUndefined();
    expect(bus.polkitAsked).toEqual([]);
    expect(bus.agent.asked).toMatchObject([
      { by: { uid: 0 }, wish: { kind: 'hold', what: 'reboot', reason: 'x' } },
    ]);
  });

  it.each([
    ['yes', [true, false], undefined],
    ['no', [false, false], ERROR_NAME.accessDenied],
    ['after a password', [false, true], ERROR_NAME.interactiveRequired],
    ['no polkit', 'absent', ERROR_NAME.accessDenied],
  ] as const)('others as polkit says: %s', async (_, verdict, errorName) => {
    bus.polkit = () => verdict;
    const answer = await bus.act(CORE, 'Discard');
    expect(answer.errorName).toBe(errorName);
    expect(bus.agent.asked).toHaveLength(errorName === undefined ? 1 : 0);
    expect(bus.polkitAsked).toMatchObject([{ sender: CORE, action: 'org.coreos.zincati.stage', flags: 0 }]);
    if (errorName !== undefined) {
      expect(answer.args[0]).toContain('`sudo zincati discard`');
    }
  });

  it('polkit may ask for a password when the caller says so, in either way', async () => {
    bus.polkit = ({ flags }) => [flags === 1, true];
    expect(
      (await bus.act(CORE, 'Discard', { interactive: new Variant('b', true) })).errorName,
    ).toBeUndefined();
    const flagged = { flags: INTERACTIVE_FLAG };
    expect(await errorOf(bus.call(CORE, 'Discard', 'a{sv}', [new Map()], flagged))).toBeUndefined();
    expect(await errorOf(bus.act(CORE, 'Discard'))).toBe(ERROR_NAME.interactiveRequired);
  });

  it('overrides of people, inhibitors and the lock have actions of their own', async () => {
    bus.polkit = ({ action }) => [action !== 'org.coreos.zincati.reboot-without-slot', false];
    const override = new Variant('as', ['people', 'window', 'fleet-lock', 'inhibitors']);
    const answer = await bus.act(CORE, 'Reboot', { override });
    expect(answer.errorName).toBe(ERROR_NAME.accessDenied);
    expect(answer.args[0]).toContain(
      '`sudo zincati reboot --override window --override people --override inhibitors --override fleet-lock`',
    );
    expect(bus.polkitAsked.map(({ action }) => action.slice('org.coreos.zincati.'.length))).toEqual([
      'reboot',
      'reboot-over-people',
      'reboot-over-inhibitors',
      'reboot-without-slot',
    ]);
    expect(bus.agent.asked).toEqual([]);
  });

  it('a question to polkit ends when the caller leaves', async () => {
    bus.polkit = () => 'silent';
    const answer = bus.act(CORE, 'Discard', { interactive: new Variant('b', true) });
    await settle();
    await bus.leave(CORE);
    await answer;
    expect(bus.polkitCancelled).toEqual(bus.polkitAsked.map(({ id }) => id));
    expect(bus.agent.asked).toEqual([]);
  });

  it('questions to polkit are bounded per user', async () => {
    bus.polkit = () => 'silent';
    const waiting = [1, 2, 3, 4].map(() => bus.act(CORE, 'Discard'));
    await settle();
    expect(await errorOf(bus.act(CORE, 'Discard'))).toBe(ERROR_NAME.limitsExceeded);
    void bus.act(OTHER, 'Discard');
    await settle();
    expect(bus.polkitAsked).toHaveLength(5);
    await bus.leave(CORE);
    await Promise.all(waiting);
    await bus.leave(OTHER);
  });

  it('nobody whom the bus does not know', async () => {
    expect(await errorOf(bus.act(':1.99', 'Explain'))).toBe(ERROR_NAME.accessDenied);
  });
});

describe('arguments', () => {
  it.each([
    [
      'Stage',
      { up: new Variant('s', 'x') },
      'Stage: option must be one of interactive, ignore-rollout, to, got "up"',
    ],
    ['Stage', { to: new Variant('u', 1) }, 'Stage: option to must be a text (s), got "u"'],
    ['Stage', { to: new Variant('s', 'x'.repeat(301)) }, 'to must have 1 to 300 characters, got 301'],
    ['Stage', { to: new Variant('s', 'a\u001bb') }, 'to must be without control characters, got "a\uFFFDb"'],
    ['Stage', { to: new Variant('s', ' \u00a0 ') }, 'to must be more than blanks, got'],
    ['Reboot', { override: new Variant('as', ['all']) }, 'override must be one of window, splay,'],
    ['History', { newest: new Variant('u', 0) }, 'newest must be from 1 to 500, got 0'],
    ['Calendar', { days: new Variant('u', 367) }, 'days must be from 1 to 366, got 367'],
    [
      'ShowConfiguration',
      { __proto__x: new Variant('u', 1) },
      'ShowConfiguration: option must be one of , got',
    ],
  ])('%s is refused with what was expected and what was found', async (member, options, text) => {
    const answer = await bus.act(CORE, member, options);
    expect(answer.errorName).toBe(`${ERROR_PREFIX}Invalid`);
    expect(answer.args[0]).toContain(text);
    expect(bus.polkitAsked).toEqual([]);
  });

  it('holds end later than now', async () => {
    const until = (ms: number) =>
      bus.call(ROOT, 'Hold', 'sa{sv}', [
        'reboot',
        new Map([['until', new Variant('x', BigInt(ms) * 1000n)]]),
      ]);
    expect(await errorOf(until(bus.clock.now() - 1))).toBe(`${ERROR_PREFIX}Invalid`);
    expect(await errorOf(until(0))).toBeUndefined();
    expect(await errorOf(until(bus.clock.now() + 5))).toBeUndefined();
    expect(bus.agent.asked.map(({ wish }) => ('untilAt' in wish ? wish.untilAt : undefined))).toEqual([
      undefined,
      bus.clock.now() + 5,
    ]);
    expect(await errorOf(bus.call(ROOT, 'Hold', 'sa{sv}', ['both', new Map()]))).toBe(
      `${ERROR_PREFIX}Invalid`,
    );
  });
});

describe('requests', () => {
  it('what the agent refuses has its name and text', async () => {
    bus.agent.outcomeOf = () => ({ kind: 'refused', error: 'NotStaged', text: 'nothing is staged' });
    const answer = await bus.act(ROOT, 'Discard');
    expect(answer).toEqual({ errorName: `${ERROR_PREFIX}NotStaged`, args: ['nothing is staged'] });
  });

  it('a hold has its id', async () => {
    bus.agent.outcomeOf = () => ({ kind: 'done', text: 'held', changed: true, hold: 'h1' });
    expect((await bus.call(ROOT, 'Hold', 'sa{sv}', ['stage', new Map()])).args).toEqual(['h1']);
  });

  it('a reload has all reasons', async () => {
    bus.agent.reloading = () => Promise.reject(new ConfigError('config_invalid', 'one\ntwo\u001b'));
    const answer = await bus.act(ROOT, 'Reload');
    expect(answer).toEqual({ errorName: `${ERROR_PREFIX}Invalid`, args: ['one\ntwo\uFFFD'] });
  });

  it('reading', async () => {
    await bus.act(CORE, 'History', { newest: new Variant('u', 7), since: new Variant('x', 5000n) });
    await bus.act(CORE, 'Calendar');
    expect(bus.agent.queries).toEqual([{ newest: 7, sinceAt: 5 }, 14]);
    expect(await errorOf(bus.act(CORE, 'ShowConfiguration'))).toBeUndefined();
  });

  it('explanations are asked of the agent each time, which shares its looks: explain-now.test.ts', async () => {
    const people = { override: new Variant('as', ['people', 'people']) };
    await Promise.all([
      bus.act(CORE, 'Explain'),
      bus.act(OTHER, 'Explain'),
      bus.act(ROOT, 'Explain', people),
    ]);
    expect(bus.agent.surveys).toEqual([[], [], ['people']]);
  });
});

describe('jobs', () => {
  beforeEach(() => {
    bus.polkit = () => [true, false];
    bus.agent.outcomeOf = () => undefined;
  });

  it('staging: waits, runs with progress, is done, and is gone after a minute', async () => {
    const [path] = (await bus.act(CORE, 'Stage', { 'ignore-rollout': new Variant('b', true) })).args;
    expect(await jobOf(path)).toEqual({
      kind: 'stage',
      state: 'waiting',
      progress: undefined,
      result: undefined,
    });
    bus.agent.change({ progress: { text: 'fetching', percent: 50 } });
    expect(await jobOf(path)).toMatchObject({
      state: 'running',
      progress: { text: 'fetching', percent: 50 },
    });
    const outcome = { kind: 'done', text: '43.2 is staged', changed: true, release: '43.2' } as const;
    bus.agent.asked[0]?.end(outcome);
    await settle();
    expect(await jobOf(path)).toMatchObject({ state: 'done', result: { request: '0123abcd-1', outcome } });
    const done = bus.signals.find(({ member }) => member === 'JobDone');
    expect(done?.args[0]).toBe(path);
    expect(decodeResult(done?.args[1])).toEqual({ request: '0123abcd-1', outcome });
    await bus.clock.advance(KEPT_MS);
    const gone = bus.call(CORE, 'GetAll', 's', [JOB_INTERFACE], {
      path: textOf(path),
      interface: PROPERTIES,
    });
    expect(await errorOf(gone)).toBe(ERROR_NAME.unknownObject);
  });

  it('a check is shared while it runs, and shortly after by all but root', async () => {
    const [first] = (await bus.act(CORE, 'Check')).args;
    expect((await bus.act(OTHER, 'Check')).args).toEqual([first]);
    expect((await bus.act(ROOT, 'Check')).args).toEqual([first]);
    bus.agent.asked[0]?.end({ kind: 'done', text: 'nothing new', changed: false });
    await settle();
    expect((await bus.act(CORE, 'Check')).args).toEqual([first]);
    const [second] = (await bus.act(ROOT, 'Check')).args;
    expect(second).not.toBe(first);
    bus.agent.asked[1]?.end({ kind: 'done', text: 'nothing new', changed: false });
    await bus.clock.advance(CHECK_IS_FRESH_MS);
    expect((await bus.act(CORE, 'Check')).args).not.toEqual([second]);
  });

  it('are bounded per user; one that has ended makes room', async () => {
    for (let count = 0; count < MOST_JOBS_OF_ONE; count += 1) {
      expect(await errorOf(bus.act(CORE, 'Stage'))).toBeUndefined();
    }
    expect(await errorOf(bus.act(CORE, 'Stage'))).toBe(`${ERROR_PREFIX}LimitsExceeded`);
    expect(bus.agent.asked).toHaveLength(MOST_JOBS_OF_ONE);
    expect(await errorOf(bus.act(OTHER, 'Stage'))).toBeUndefined();
    bus.agent.asked[0]?.end({ kind: 'done', text: '', changed: false });
    await settle();
    expect(await errorOf(bus.act(CORE, 'Stage'))).toBeUndefined();
  });

  const cancelOf = (sender: string, path: BusValue | undefined) =>
    errorOf(bus.call(sender, 'Cancel', '', [], { path: textOf(path), interface: JOB_INTERFACE }));

  it('are cancelled by who asked, by root, and by who may stage', async () => {
    const [path] = (await bus.act(CORE, 'Stage')).args;
    bus.polkit = () => [false, false];
    bus.agent.outcomeOf = ({ kind }) =>
      kind === 'cancel' ? { kind: 'done', text: '', changed: true } : undefined;
    expect(await cancelOf(OTHER, path)).toBe(ERROR_NAME.accessDenied);
    expect(await cancelOf(CORE, path)).toBeUndefined();
    expect(await cancelOf(ROOT, path)).toBeUndefined();
    bus.polkit = ({ action }) => [action === 'org.coreos.zincati.stage', false];
    expect(await cancelOf(OTHER, path)).toBeUndefined();
    bus.agent.asked[0]?.end({ kind: 'refused', error: 'Cancelled', text: 'cancelled' });
    await settle();
    expect(await cancelOf(CORE, path)).toBe(`${ERROR_PREFIX}TooLate`);
  });

  it('who waits for a check alone may cancel it, and who shares it may not', async () => {
    const [path] = (await bus.act(CORE, 'Check')).args;
    bus.polkit = () => [false, false];
    bus.agent.outcomeOf = ({ kind }) =>
      kind === 'cancel' ? { kind: 'done', text: '', changed: true } : undefined;
    expect(await cancelOf(CORE, path)).toBeUndefined();
    bus.polkit = () => [true, false];
    await bus.act(OTHER, 'Check');
    bus.polkit = () => [false, false];
    expect(await cancelOf(CORE, path)).toBe(ERROR_NAME.accessDenied);
    expect(await cancelOf(ROOT, path)).toBeUndefined();
  });

  it('a job that is cancelled cancels its own request, and no other', async () => {
    await bus.act(CORE, 'Stage');
    const [path] = (await bus.act(OTHER, 'Reboot')).args;
    bus.agent.outcomeOf = ({ kind }) =>
      kind === 'cancel' ? { kind: 'done', text: '', changed: true } : undefined;
    expect(await cancelOf(OTHER, path)).toBeUndefined();
    expect(bus.agent.asked.map(({ wish }) => wish)).toContainEqual({ kind: 'cancel', request: '0123abcd-2' });
    expect(bus.agent.asked.filter(({ wish }) => wish.kind === 'cancel')).toHaveLength(1);
  });

  it('a dry run says what blocks, and asks for nothing', async () => {
    const gate = {
      gate: 'periodic',
      class: 'timed',
      verdict: 'block',
      label: 'x',
      reason: 'closed',
    } as const;
    bus.agent.explanation = { ...bus.agent.explanation, gates: [gate] };
    const [path] = (await bus.act(CORE, 'Reboot', { 'dry-run': new Variant('b', true) })).args;
    await settle();
    expect(await jobOf(path)).toMatchObject({
      state: 'failed',
      result: { outcome: { error: 'Blocked', text: 'closed', gates: ['periodic'] } },
    });
    expect(bus.agent.asked).toEqual([]);
    expect(bus.polkitAsked).toEqual([]);
  });
});

describe('the open door', () => {
  it('a user is told when there are too many calls, and others are answered', async () => {
    await bus.act(CORE, 'Explain');
    const many = CALLS_PER_SECOND * 3;
    const answers = await Promise.all(Array.from({ length: many }, () => bus.act(CORE, 'ShowConfiguration')));
    const refusals = answers.filter(({ errorName }) => errorName === ERROR_NAME.limitsExceeded);
    expect(refusals).toHaveLength(many - (CALLS_PER_SECOND * 2 - 1));
    expect(await errorOf(bus.act(OTHER, 'ShowConfiguration'))).toBeUndefined();
    expect(await errorOf(bus.act(ROOT, 'ShowConfiguration'))).toBeUndefined();
    await bus.clock.advance(1000);
    expect(await errorOf(bus.act(CORE, 'ShowConfiguration'))).toBeUndefined();
    expect(bus.credentialsAsked).toBe(3);
  });

  it('calls that come together are all answered', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => bus.act(CORE, 'ShowConfiguration')));
    expect(answers.map(({ errorName }) => errorName)).toEqual(Array.from({ length: 40 }));
  });

  it('a user has so many calls at a time, and root still gets in', async () => {
    bus.agent.outcomeOf = () => undefined;
    bus.polkit = () => [true, false];
    for (let count = 0; count < MOST_CALLS_OF_ONE; count += 1) {
      void bus.act(CORE, 'Discard');
      await settle();
    }
    expect(await errorOf(bus.act(CORE, 'Explain'))).toBe(ERROR_NAME.limitsExceeded);
    expect(await errorOf(bus.act(ROOT, 'Explain'))).toBeUndefined();
    bus.agent.asked.forEach(({ end }) => end({ kind: 'done', text: '', changed: true }));
    await settle();
    expect(await errorOf(bus.act(CORE, 'Explain'))).toBeUndefined();
  });

  it('who left is forgotten, and asked for again', async () => {
    await bus.act(CORE, 'Explain');
    await bus.leave(CORE);
    await bus.act(CORE, 'Explain');
    expect(bus.credentialsAsked).toBe(2);
  });

  it('the machine id is for root', async () => {
    const call = (sender: string) =>
      errorOf(bus.call(sender, 'GetMachineId', '', [], { interface: 'org.freedesktop.DBus.Peer' }));
    expect(await call(CORE)).toBe(ERROR_NAME.accessDenied);
    expect(await call(ROOT)).toBe(ERROR_NAME.notSupported);
  });
});

describe('LogControl1', () => {
  const at = { path: LOG_CONTROL_PATH, interface: PROPERTIES };
  const set = (sender: string, level: string) =>
    errorOf(bus.call(sender, 'Set', 'ssv', [LOG_CONTROL_INTERFACE, 'LogLevel', new Variant('s', level)], at));

  it('everybody sees, root sets', async () => {
    expect(await propertiesOf(LOG_CONTROL_PATH, LOG_CONTROL_INTERFACE)).toEqual(
      new Map([
        ['LogLevel', 'info'],
        ['LogTarget', 'console'],
        ['SyslogIdentifier', 'zincati'],
      ]),
    );
    expect(await set(CORE, 'debug')).toBe(ERROR_NAME.accessDenied);
    expect(bus.level).toBe('info');
    expect(await set(ROOT, 'warning')).toBeUndefined();
    expect(bus.level).toBe('warn');
    expect(await set(ROOT, 'loud')).toBe(`${ERROR_PREFIX}Invalid`);
  });
});
