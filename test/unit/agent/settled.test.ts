/** What every advance ends with: whose the staged deployment is, changes of state, and the next effect. */
import { describe, expect, it } from 'vitest';
import { begin } from '../../../src/agent/advance.ts';
import { initialModel, type AgentState, type Memory, type Policy } from '../../../src/agent/state.ts';
import { atStaged, memoryOf } from '../../support/agent-states.ts';
import { answered, asked, NOW } from '../../support/answered.ts';
import { bootedOn, deployment, host, POLICY, staged } from '../../support/samples.ts';

const THEIRS = staged('9', { finalizationLocked: false });
const BOOTED = deployment('1.0', { booted: true });
const KNOWN = { id: THEIRS.id, version: '9', since: { at: 1, mono: 1 } };
const waiting: AgentState = { name: 'NoNewUpdate', step: 'refresh' };

function read(memory: Partial<Memory>, deployments = [THEIRS, BOOTED], policy: Partial<Policy> = {}) {
  const after = answered(waiting, { kind: 'status-read', status: host(deployments) }, { memory, policy });
  const told = after.happenings.filter(({ kind }) => kind === 'foreign-staged' || kind === 'foreign-gone');
  return { foreign: after.model.memory.foreign, told };
}

describe('what somebody else staged', () => {
  it('is told when it comes, and is known since then', () => {
    const { foreign, told } = read({});
    expect(foreign).toEqual({ ...KNOWN, since: NOW });
    expect(told).toEqual([{ kind: 'foreign-staged', version: '9' }]);
  });

  it('is no news while it stays', () => {
    expect(read({ foreign: KNOWN })).toEqual({ foreign: KNOWN, told: [] });
  });

  it('is told when it goes', () => {
    const { foreign, told } = read({ foreign: KNOWN }, [BOOTED]);
    expect(foreign).toBeUndefined();
    expect(told).toEqual([{ kind: 'foreign-gone', version: '9' }]);
    expect(read({}, [BOOTED]).told).toEqual([]);
  });

  it('is told when another one takes its place', () => {
    const other = staged('8', { finalizationLocked: false });
    const { foreign, told } = read({ foreign: KNOWN }, [other, BOOTED]);
    expect(foreign).toEqual({ id: other.id, version: '8', since: NOW });
    expect(told.map(({ kind }) => kind)).toEqual(['foreign-gone', 'foreign-staged']);
  });

  it("is nobody's concern where it may be replaced, or is what the node is on its way into", () => {
    expect(read({}, [THEIRS, BOOTED], { replaceForeignStaged: true }).foreign).toBeUndefined();
    const around = { memory: { host: host([THEIRS, BOOTED]) } };
    const onTheWay = answered(atStaged({ step: 'ask' }), { kind: 'surveyed', reports: [] }, around);
    expect(onTheWay.model.memory.foreign).toBeUndefined();
    const off: AgentState = { name: 'EndState', cause: 'disabled', dueMono: 0 };
    const status = host([THEIRS, BOOTED]);
    const switchedOff = answered(off, { kind: 'status-read', status }, { policy: { enabled: false } });
    expect(switchedOff.model.memory.foreign).toBeUndefined();
    const starting: AgentState = { name: 'StartState', step: 'register', dueMono: 0 };
    const disabled = answered(starting, { kind: 'woke' }, { ...around, policy: { enabled: false } });
    expect(disabled.model.memory.foreign).toBeUndefined();
  });
});

describe('an advance', () => {
  it('tells a change of the state, and no change of a step', () => {
    const reported: AgentState = { name: 'Initialized' };
    const steady = { owed: true, dueMono: 0, streak: undefined };
    const changed = answered(
      reported,
      { kind: 'slot-released', configured: true, returned: [] },
      { memory: { steady } },
    );
    expect(changed.happenings.at(-1)).toEqual({ kind: 'state-changed', to: 'ReportedSteady' });
    const stayed = answered(waiting, { kind: 'status-read', status: bootedOn('1.0') });
    expect(stayed.model.state).toMatchObject({ step: 'check' });
    expect(stayed.happenings.map(({ kind }) => kind)).not.toContain('state-changed');
  });

  it('writes the record before anything else, when that is due', () => {
    const save = { due: true, dueMono: NOW.mono, streak: undefined };
    const { record } = memoryOf();
    expect(asked(waiting, { memory: { save } })).toEqual({ kind: 'save', record });
    expect(asked(waiting, { memory: { save: { ...save, dueMono: NOW.mono + 1 } } }).kind).toBe('read-status');
    expect(asked(waiting, { memory: { save: { ...save, due: false } } }).kind).toBe('read-status');
  });
});

describe('the machine at the beginning of a life', () => {
  it('knows nothing, has registered nowhere, and owes the lenders a word', () => {
    const model = initialModel();
    expect(begin(model, NOW, POLICY)).toEqual({ model, effect: { kind: 'register-driver' } });
    expect(model.memory).toMatchObject({
      host: undefined,
      driver: { registered: false, dueMono: 0, streak: undefined },
      steady: { owed: true, dueMono: 0, streak: undefined },
      requests: [],
    });
    expect(model.memory.check).toMatchObject({ dueMono: 0, skipped: [], unoffered: 0, answer: '' });
  });
});
