/**
 * org.coreos.zincati.Agent1: what the agent does, and what people may ask of it. docs/dbus.md is its contract.
 *
 * Invariants:
 * - The properties are those of the last snapshot, and each change is told.
 * - Who is not allowed in by the door gets no answer but an error.
 */
import type { Clock } from '../agent/ports.ts';
import { emitChanged } from '../dbus/properties.ts';
import type { BusLink, CallGuard, Caller, ExportedInterface } from '../dbus/types.ts';
import type { LevelControl } from '../log/log.ts';
import { agentMethods } from './agent-methods.ts';
import type { AgentPort } from './agent-port.ts';
import { Authority } from './authority.ts';
import { Changes } from './changes.ts';
import { Door } from './door.ts';
import { encodeEntry, encodePermissions, encodeSnapshot } from './encode.ts';
import { Expiry } from './expiry.ts';
import { Jobs } from './jobs.ts';
import { ActionsWatch } from './known-actions.ts';
import { ROOT } from './limits.ts';
import { logControl } from './log-control.ts';
import { AGENT_INTERFACE, AGENT_PATH } from './names.ts';

/** The name and the signature of each property, in the order of docs/dbus.md. */
export const PROPERTIES = [
  ['Version', 's'],
  ['State', 's'],
  ['StatusText', 's'],
  ['Health', 'a{sv}'],
  ['Node', 'a{sv}'],
  ['Booted', 'a{sv}'],
  ['Staged', 'a{sv}'],
  ['Target', 'a{sv}'],
  ['Progress', 'a{sv}'],
  ['Checks', 'a{sv}'],
  ['Blocked', 'aa{sv}'],
  ['Reboot', 'a{sv}'],
  ['Holds', 'aa{sv}'],
  ['Denied', 'aa{sv}'],
  ['Configuration', 'a{sv}'],
  ['Permissions', 'a{sv}'],
] as const;

export interface Agent1Options {
  readonly port: AgentPort;
  readonly clock: Clock;
  readonly log: LevelControl;
}

export interface Agent1 {
  /** For `Service`. */
  readonly interfaces: readonly ExportedInterface[];
  readonly attach: (link: BusLink, until: AbortSignal) => Promise<void>;
  /** For the connection that `Service` uses. */
  readonly guard: CallGuard;
  /** Ends what waits. */
  close(): void;
}

export function agent1({ port, clock, log }: Agent1Options): Agent1 {
  const life = new AbortController();
  const door = new Door(clock);
  let told: () => void = () => undefined;
  const actions = new ActionsWatch(clock, () => told());
  const authority = new Authority(door, () => actions.look());
  const changes = new Changes();
  const jobs = new Jobs({
    clock,
    mayCancel: async (caller, job) => {
      const uid = await authority.uidOf(caller);
      // Others may wait for the same check.
      const isAlone = job.uids.has(uid) && job.uids.size === 1;
      return uid === ROOT || isAlone
        ? { uid }
        : authority.allow(caller, { actions: ['stage'], interactive: caller.mayAsk, command: 'cancel' });
    },
  });
  const parts = { port, authority, jobs, life: life.signal, now: () => clock.now() };
  const expiry = new Expiry(clock, () => told());
  const update = () => {
    const snapshot = port.snapshot();
    expiry.plan([...snapshot.holds, ...snapshot.denied].map(({ untilAt }) => untilAt));
    return changes.update(
      new Map([...encodeSnapshot(snapshot), ['Permissions', encodePermissions(actions.found)]]),
    );
  };
  update();
  return {
    interfaces: [
      agentInterface(agentMethods(parts), changes),
      logControl({ log, uidOf: (caller: Caller) => authority.uidOf(caller) }),
    ],
    guard: door.guard,
    attach: async (link, until) => {
      await door.open(link, until);
      const tell = (): void => {
        const changed = update();
        if (changed.size > 0) {
          emitChanged(link, AGENT_PATH, AGENT_INTERFACE, changed);
        }
        if (changed.has('Progress')) {
          jobs.progressed(port.snapshot().progress);
        }
      };
      told = tell;
      const stops = [
        jobs.attach(link),
        port.onChange(tell),
        port.onHappened((entry) => {
          link.sendSignal({
            path: AGENT_PATH,
            interface: AGENT_INTERFACE,
            member: 'Happened',
            signature: 'a{sv}',
            body: [encodeEntry(entry)],
          });
        }),
      ];
      update();
      void actions.follow(link, until);
      until.addEventListener('abort', () => stops.forEach((stop) => stop()), { once: true });
    },
    close: () => {
      life.abort();
      expiry.cancel();
      jobs.close();
    },
  };
}

function agentInterface(methods: ExportedInterface['methods'], changes: Changes): ExportedInterface {
  return {
    path: AGENT_PATH,
    name: AGENT_INTERFACE,
    methods,
    properties: PROPERTIES.map(([name, signature]) => ({
      name,
      signature,
      ...(name === 'Version' ? { emits: 'const' } : {}),
      get: () => changes.get(name),
    })),
    signals: [
      { member: 'JobDone', signature: 'oa{sv}', argNames: ['job', 'result'] },
      { member: 'Happened', signature: 'a{sv}', argNames: ['entry'] },
    ],
  };
}
