/**
 * The luck of one node: numbers by purpose and count. Pure.
 *
 * Invariants:
 * - The n-th number of a purpose is the same whatever was drawn before, or was not drawn at all.
 * - No string is made for a draw. Millions of polls have a roll each.
 */
import { draw, mixed } from '../simulate/chance.ts';

export type Purpose = 'jitter' | 'staging' | 'reboot' | 'hang' | 'login' | 'start';

/** The golden ratio in 32 bits: neighbours lie far apart. */
const STRIDE = 0x9e3779b1;

export class Luck {
  readonly #seeds: Readonly<Record<Purpose, number>>;
  readonly #jitter: number;

  /** `who` is unique in the fleet. */
  constructor(seed: number, who: string) {
    const of = (purpose: Purpose): number => Math.floor(draw(seed, who, purpose, 0) * 2 ** 32);
    this.#seeds = {
      jitter: of('jitter'),
      staging: of('staging'),
      reboot: of('reboot'),
      hang: of('hang'),
      login: of('login'),
      start: of('start'),
    };
    this.#jitter = this.#seeds.jitter;
  }

  /** From 0 to below 1. */
  draw(purpose: Purpose, n: number): number {
    return mixed((this.#seeds[purpose] + Math.imul(n, STRIDE)) | 0) / 2 ** 32;
  }

  /** 0..10, for jitter. */
  roll(n: number): number {
    return Math.floor((mixed((this.#jitter + Math.imul(n, STRIDE)) | 0) / 2 ** 32) * 11);
  }
}
