/** What a loop needs in tests: ports that answer at once, and an observer that keeps what it is told. */
import type { Beginning, Happening } from '../../src/agent/happenings.ts';
import type { Ports } from '../../src/agent/perform.ts';
import type { Observer } from '../../src/agent/runner.ts';
import { CancelledError } from '../../src/errors.ts';
import { bootedOn, checkResult, PASSING, staged } from './samples.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A port that answers nothing, and gives up when it is told to. */
export function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new CancelledError('given up')), { once: true });
  });
}

/** Of a host on 1.0 that is up, where nothing is offered and everything is allowed. */
export function loopPorts(clock: VirtualClock, changes: Partial<Ports> = {}): Ports {
  return {
    clock,
    rpmOstree: {
      registerDriver: async () => undefined,
      status: async () => bootedOn('1.0'),
      stage: async () => staged('2.0'),
      finalize: async () => undefined,
      discardStaged: async () => undefined,
      followActive: async () => 'ended',
    },
    updatesFor: () => ({ check: async () => checkResult({ kind: 'no-update' }) }),
    gates: {
      survey: async () => PASSING,
      look: async () => ({ reports: PASSING, foresight: { classes: ['timed'], clearAt: undefined } }),
    },
    lenders: { acquire: async () => ({ kind: 'granted' }), release: async () => undefined },
    sessions: { list: async () => [], broadcast: async () => undefined },
    records: { save: async () => undefined },
    notice: () => '',
    onProgress: () => undefined,
    ...changes,
  };
}

export interface Seen {
  readonly begun: Beginning[];
  readonly happened: Happening[];
  readonly observer: Observer;
}

/** What a loop tells. */
export function observe(): Seen {
  const begun: Beginning[] = [];
  const happened: Happening[] = [];
  return {
    begun,
    happened,
    observer: {
      begins: (beginning) => void begun.push(beginning),
      happened: (_, happenings) => void happened.push(...happenings),
      configured: () => undefined,
    },
  };
}
