/**
 * A 64-bit hash of a machine as it stands in time. Two that are going to do the same have the same one. Pure.
 *
 * Invariants:
 * - Instants are relative to now. What is over is over, however long ago.
 * - Whether two hashes are the same depends neither on the order of an object's keys nor on which object it is.
 */
import type { Moment } from '../../agent/moment.ts';
import { WORTH_WRITING_MS } from '../../agent/pursuit.ts';
import type { AgentRecord } from '../../agent/record.ts';
import type { Model, Policy } from '../../agent/state.ts';
import {
  ALL,
  commonRules,
  HELD_BY_LENDER,
  HELD_BY_OTHERS,
  KEPT,
  type Rule,
  type Rules,
} from './canonical-rules.ts';

/** A hash, in two halves. */
export interface Hash {
  readonly low: number;
  readonly high: number;
}

export class Hasher {
  readonly #rules: Rules;
  readonly #words = new Map<string, Hash>();
  readonly #kept = new WeakMap<object, Hash>();
  #low = 0;
  #high = 0;
  #now: Moment = { at: 0, mono: 0 };
  #bootId = '';

  constructor(policy: Policy) {
    this.#rules = commonRules(policy);
  }

  /** Of a model, of the record on disk, and of `more`: numbers that are to count as they are. */
  hash(
    model: Model & Readonly<Record<'deployments' | 'next', unknown>>,
    onDisk: AgentRecord,
    now: Moment,
    bootId: string,
    more: readonly number[],
  ): Hash {
    this.#low = 0;
    this.#high = 0;
    this.#now = now;
    this.#bootId = bootId;
    this.#value(model, ALL, 1, 2);
    this.#number(this.#stall(model), 3, 4);
    // Mostly the same as in memory.
    if (onDisk === model.memory.record) {
      this.#number(1, 5, 6);
    } else {
      this.#value(onDisk, ALL, 7, 8);
    }
    for (let place = 0; place < more.length; place++) {
      this.#number(more[place] ?? 0, 9 + place, ~place);
    }
    return { low: this.#low >>> 0, high: this.#high >>> 0 };
  }

  /** How far the pursuit in memory is from what is written of it: beyond a certain distance it is written again. */
  #stall({ memory: { pursuit, record } }: Model): number {
    return pursuit === undefined || record.stalledSinceAt === undefined
      ? -1
      : Math.min(Math.abs(pursuit.since.at - record.stalledSinceAt), WORTH_WRITING_MS);
  }

  #value(value: unknown, rule: Rule, low: number, high: number): void {
    switch (rule.kind) {
      case 'untold':
        return;
      case 'there':
        this.#number(1, low, high);
        return;
      case 'due':
        this.#number(Math.max(Number(value) - this.#now[rule.clock], 0), low, high);
        return;
      case 'since':
        this.#number(Math.min(this.#now[rule.clock] - Number(value), rule.longestMs), low, high);
        return;
      case 'count':
        this.#number(Math.min(Number(value), rule.most), low, high);
        return;
      case 'boot':
        this.#number(value === this.#bootId ? 1 : 0, low, high);
        return;
      case 'rules':
        this.#plain(value, rule.rules, low, high);
        return;
      case 'holding':
        this.#plain(value, isByLender(value) ? HELD_BY_LENDER : HELD_BY_OTHERS, low, high);
        return;
      case 'kept':
        this.#keep(value, low, high);
        return;
      case 'all':
        this.#plain(value, this.#rules, low, high);
    }
  }

  #plain(value: unknown, rules: Rules, low: number, high: number): void {
    switch (typeof value) {
      case 'number':
        this.#number(value, low, high);
        return;
      case 'string': {
        const word = this.#word(value);
        this.#add(low ^ word.low, high ^ word.high);
        return;
      }
      case 'boolean':
        this.#number(value ? 1 : 2, low, high);
        return;
      case 'object':
        this.#parts(value, rules, low, high);
        return;
      default:
        throw new Error(`a model must be plain data, got ${typeof value}`);
    }
  }

  #parts(value: object | null, rules: Rules, low: number, high: number): void {
    if (value === null) {
      this.#number(3, low, high);
      return;
    }
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      this.#number(items.length, low, high);
      for (let place = 0; place < items.length; place++) {
        const item = items[place];
        this.#value(item, isDeployment(item) ? KEPT : ALL, mix(low, place + 11), mix(high, place + 13));
      }
      return;
    }
    for (const name in value) {
      const part: unknown = (value as Readonly<Record<string, unknown>>)[name];
      if (part !== undefined) {
        const word = this.#word(name);
        this.#value(part, rules.named.get(name) ?? rules.others, mix(low, word.low), mix(high, word.high));
      }
    }
  }

  /** A deployment; elsewhere the name is another thing, and is walked. */
  #keep(value: unknown, low: number, high: number): void {
    if (!isDeployment(value)) {
      this.#plain(value, this.#rules, low, high);
      return;
    }
    let known = this.#kept.get(value);
    if (known === undefined) {
      const [before, beside] = [this.#low, this.#high];
      this.#low = 0;
      this.#high = 0;
      this.#parts(value, this.#rules, 21, 22);
      known = { low: this.#low, high: this.#high };
      this.#kept.set(value, known);
      this.#low = before;
      this.#high = beside;
    }
    this.#add(mix(low, known.low), mix(high, known.high));
  }

  #number(value: number, low: number, high: number): void {
    const whole = value | 0;
    const more = Math.floor(value / 2 ** 32) | 0;
    this.#add(mix(low, whole ^ Math.imul(more, 0x27d4eb2f)), mix(high, whole ^ Math.imul(more, 0x165667b1)));
  }

  /** Parts are added up, so that their order does not count. */
  #add(low: number, high: number): void {
    this.#low = (this.#low + spread(low)) | 0;
    this.#high = (this.#high + spread(high ^ 0x5bd1e995)) | 0;
  }

  #word(text: string): Hash {
    let word = this.#words.get(text);
    if (word === undefined) {
      let [low, high] = [0x811c9dc5, 0x01000193];
      for (let index = 0; index < text.length; index++) {
        low = Math.imul(low ^ text.charCodeAt(index), 0x01000193);
        high = mix(high, text.charCodeAt(index));
      }
      word = { low: spread(low), high: spread(high) };
      this.#words.set(text, word);
    }
    return word;
  }
}

function isByLender(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'by' in value && value.by === 'lender';
}

function isDeployment(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'finalizationLocked' in value;
}

/** Of two numbers, in which their order counts. */
export function mix(hash: number, part: number): number {
  let mixed = Math.imul(part, 0xcc9e2d51);
  mixed = (mixed << 15) | (mixed >>> 17);
  mixed = hash ^ Math.imul(mixed, 0x1b873593);
  mixed = (mixed << 13) | (mixed >>> 19);
  return spread((Math.imul(mixed, 5) + 0xe6546b64) | 0);
}

/** What differs in a few bits differs in all of them. */
export function spread(hash: number): number {
  let spread = hash;
  spread = Math.imul(spread ^ (spread >>> 16), 0x85ebca6b);
  spread = Math.imul(spread ^ (spread >>> 13), 0xc2b2ae35);
  return spread ^ (spread >>> 16);
}
