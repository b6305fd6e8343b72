/**
 * Slots of before go back while no configuration is in use. One may be waited for; or one cannot be used, and the agent ends
 * because of it afterwards.
 *
 * Invariants:
 * - The machine itself does it, as for a node whose updates are switched off. It boots, stages and asks for nothing.
 * - All that is needed stands in the record. A slot that a reboot of this boot may still need is kept.
 */
import { Runner } from '../agent/runner.ts';
import type { AgentRecord } from '../agent/record.ts';
import type { Model } from '../agent/state.ts';
import { resolveSettings } from '../config/resolve-settings.ts';
import type { Reading } from './configuration.ts';
import { configure } from './configured.ts';
import type { Lasting } from './lasting.ts';

/** Whether there is a slot of before this boot to be given back. Pure. */
export function owesSlot({ slots, asked }: Pick<AgentRecord, 'slots' | 'asked'>, bootId: string): boolean {
  return slots.length > 0 && asked?.bootId !== bootId;
}

/** Of a node of which nothing is known. */
const NO_READING: Reading = {
  settings: resolveSettings({ values: { 'updates.enabled': false }, origins: new Map() }).settings,
  identity: {
    nodeUuid: '',
    platform: '',
    basearch: '',
    group: '',
    rolloutWariness: undefined,
    stream: undefined,
  },
  warnings: [],
  notes: [],
  origins: new Map(),
  files: [],
  shown: [],
};

export interface GivingBack {
  /** Aborted: it broke down, and `end` rejects. */
  readonly broken: AbortSignal;
  owes(): boolean;
  /** Resolves with what is known now, once nothing is under way any more. */
  end(): Promise<Model>;
}

/** `onPaid`: called when nothing is owed any more. */
export async function giveBackMeanwhile(
  lasting: Lasting,
  bootId: string,
  onPaid: () => void,
): Promise<GivingBack> {
  const { model: start, reporter } = lasting;
  let { memory } = start;
  const owes = (): boolean => owesSlot(memory.record, bootId);
  const over = new AbortController();
  const broken = new AbortController();
  const runner = new Runner({
    model: { state: { name: 'EndState', cause: 'disabled', dueMono: Number.POSITIVE_INFINITY }, memory },
    configuration: await configure(NO_READING, bootId, lasting),
    dice: () => 0,
    observer: {
      begins: () => undefined,
      happened: (model, happenings, at) => {
        const owed = owes();
        ({ memory } = model);
        // People are told what happened, and that the agent waits.
        reporter.happened({ state: start.state, memory }, happenings, at);
        if (owed && !owes()) {
          onPaid();
        }
      },
      configured: () => undefined,
    },
    signal: over.signal,
  });
  const running = runner.run();
  running.catch(() => broken.abort());
  return {
    broken: broken.signal,
    owes,
    end: async () => {
      over.abort();
      await running;
      return { state: start.state, memory: { ...memory, steady: { ...memory.steady, dueMono: 0 } } };
    },
  };
}
