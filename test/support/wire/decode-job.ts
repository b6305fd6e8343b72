/** Jobs and their results, read by a client; see decode.ts. Pure. */
import type { Progress } from '../../../src/agent/ports.ts';
import { REQUEST_ERRORS, type Outcome } from '../../../src/agent/requests.ts';
import { type BusValue, Variant } from '../../../src/dbus/types.ts';
import { decodeProgress, textOf } from './decode.ts';
import { Fields, known } from './fields.ts';
import { JOB_KINDS, JOB_STATES, type JobKind, type JobState } from '../../../src/service/names.ts';

export interface ToldJob {
  readonly kind: JobKind;
  readonly state: JobState;
  readonly progress: Progress | undefined;
  /** Undefined while it runs. */
  readonly result: ToldResult | undefined;
}

export interface ToldResult {
  readonly request: string;
  readonly outcome: Outcome;
}

/** `properties`: of Job1, as `getAllProperties` gives them. */
export function decodeJob(properties: ReadonlyMap<string, BusValue>): ToldJob {
  const words = new Fields(properties.get('Progress'), 'Progress');
  const result = new Fields(properties.get('Result'), 'Result');
  return {
    kind: wordOf(properties, 'Kind', JOB_KINDS),
    state: wordOf(properties, 'State', JOB_STATES),
    progress: decodeProgress(words),
    result: result.isEmpty ? undefined : decodeFields(result),
  };
}

/** The second argument of `JobDone`, and the property Result. */
export function decodeResult(value: BusValue | undefined): ToldResult {
  return decodeFields(new Fields(value, 'Result'));
}

function decodeFields(fields: Fields): ToldResult {
  const request = fields.text('request');
  const text = fields.text('text');
  if (fields.maybeText('error') !== undefined) {
    const error = fields.word('error', REQUEST_ERRORS);
    return {
      request,
      outcome: { kind: 'refused', error, text, ...known({ gates: fields.maybeTexts('gates') }) },
    };
  }
  const more = known({ hold: fields.maybeText('hold'), release: fields.maybeText('release') });
  return { request, outcome: { kind: 'done', text, changed: fields.flag('changed'), ...more } };
}

function wordOf<T extends string>(
  properties: ReadonlyMap<string, BusValue>,
  name: string,
  words: readonly T[],
): T {
  const found = textOf(properties, name);
  return new Fields(new Map([[name, new Variant('s', found)]]), 'the job').word(name, words);
}
