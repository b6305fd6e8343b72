/**
 * What can come of a question, and what that costs. Pure.
 *
 * Invariant: the first option costs nothing. It is what a world does in which everything works.
 */
import type { Choices } from './choices.ts';
import type { Left } from './bounds.ts';

/** `restless`: free, in a world that does not keep still. */
export type Cost = 'crash' | 'fault' | 'request' | 'restless';

export interface Option {
  readonly name: string;
  readonly cost?: Cost;
}

/** What the chooser has to spend. */
export interface Purse extends Left {
  readonly isRestless: boolean;
}

export class Menu<O extends Option> {
  /** By what can be spent. */
  readonly #affordable = new Map<number, readonly O[]>();
  readonly #options: readonly O[];

  constructor(options: readonly O[]) {
    this.#options = options;
  }

  pick(purse: Purse, choices: Pick<Choices, 'choose'>): O {
    const options = this.#within(purse);
    const option = options[choices.choose(options.length)];
    if (option === undefined) {
      throw new Error('a menu has an option that costs nothing');
    }
    return option;
  }

  #within(purse: Purse): readonly O[] {
    const key =
      (purse.crashes > 0 ? 1 : 0) +
      (purse.faults > 0 ? 2 : 0) +
      (purse.requests > 0 ? 4 : 0) +
      (purse.isRestless ? 8 : 0);
    let options = this.#affordable.get(key);
    if (options === undefined) {
      options = this.#options.filter(({ cost }) => canPay(purse, cost));
      this.#affordable.set(key, options);
    }
    return options;
  }
}

function canPay(purse: Purse, cost: Cost | undefined): boolean {
  switch (cost) {
    case undefined:
      return true;
    case 'restless':
      return purse.isRestless;
    case 'crash':
      return purse.crashes > 0;
    case 'fault':
      return purse.faults > 0;
    case 'request':
      return purse.requests > 0;
  }
}

export function paid({ crashes, faults, requests }: Left, cost: Cost | undefined): Left {
  return {
    crashes: crashes - (cost === 'crash' ? 1 : 0),
    faults: faults - (cost === 'fault' ? 1 : 0),
    requests: requests - (cost === 'request' ? 1 : 0),
  };
}
