/**
 * The grammar of transcript commands. A form such as `gate block REASON... [until=DURATION]` is read by people in
 * messages, and by the parser here.
 *
 * Invariants:
 * - Words in small letters stand for themselves, words in capitals for a value that {@link VALUES} checks.
 * - `X...` takes one word or more, and stands last; so does `[X...]`, which may take none.
 * - `[name=X]` is an option. It may stand anywhere behind the first word.
 */
import { ANSWERS, type EffectKind } from '../../../src/agent/messages.ts';
import { OVERRIDES } from '../../../src/agent/overrides.ts';
import { HOLDABLE } from '../../../src/agent/requests.ts';
import {
  BUS_ERROR_KINDS,
  CINCINNATI_ERROR_KINDS,
  FLEET_LOCK_ERROR_KINDS,
  HTTP_ERROR_KINDS,
  RPM_OSTREE_ERROR_KINDS,
} from '../../../src/errors.ts';
import { TranscriptFault, type Place } from './fault.ts';
import { spanMs } from './span.ts';
import { STATE_NAMES } from '../state-names.ts';

/** Effects that a transcript can let fail. Lenders and gates have commands of their own. */
export const FAILABLE = [
  'save',
  'register-driver',
  'read-status',
  'check',
  'stage',
  'finalize',
] as const satisfies readonly EffectKind[];
export type Failable = (typeof FAILABLE)[number];

const isFailable = (text: string): text is Failable => FAILABLE.some((effect) => effect === text);
const isEffect = (text: string): text is EffectKind => Object.hasOwn(ANSWERS, text);

const KINDS: readonly string[] = [
  ...CINCINNATI_ERROR_KINDS,
  ...HTTP_ERROR_KINDS,
  ...FLEET_LOCK_ERROR_KINDS,
  ...BUS_ERROR_KINDS,
  ...RPM_OSTREE_ERROR_KINDS,
  'record_unwritable',
  'effect_timeout',
];

interface Value {
  /** For messages. */
  readonly words: string;
  readonly accepts: (text: string) => boolean;
}

const matching = (words: string, pattern: RegExp): Value => ({
  words,
  accepts: (text) => pattern.test(text),
});
const oneOf = (list: readonly string[]): Value => ({
  words: `one of ${list.join(', ')}`,
  accepts: (text) => list.includes(text),
});

const EFFECTS = Object.keys(ANSWERS).filter(isEffect);
const DURATION: Value = {
  words: 'a duration such as 90s, 2h30m or 3d',
  accepts: (text) => !text.startsWith('-') && spanMs(text) !== undefined,
};

const VALUES: Readonly<Record<string, Value>> = {
  VERSION: matching('a version', /^[\w.-]+$/),
  STREAM: matching('a stream', /^[a-z-]+$/),
  DURATION,
  PERIOD: DURATION,
  SHIFT: {
    words: 'a duration with its sign, such as +3d or -1h',
    accepts: (text) => /^[+-]/.test(text) && spanMs(text) !== undefined,
  },
  COUNT: matching('a whole number from 1', /^[1-9]\d*$/),
  KIND: oneOf(KINDS),
  FAILABLE: oneOf(FAILABLE),
  EFFECT: oneOf(EFFECTS),
  GOAL: oneOf(['boot', ...Object.keys(STATE_NAMES), ...EFFECTS]),
  PERSON: matching('NAME@TTY', /^[\w-]+@[\w/]+$/),
  SETTING: matching('KEY=VALUE, a dotted key and a value as in TOML', /^[a-z_]+(?:\.[a-z_]+)+=.+$/),
  OVERRIDE: oneOf(OVERRIDES),
  HOLDABLE: oneOf(HOLDABLE),
  HOLD: matching('the id of a hold, such as h1', /^h\d+$/),
  REASON: matching('words', /./),
  COMMAND: matching('a command', /./),
};

/** What the capitals of a form stand for in one command. */
export class Words {
  readonly #words: ReadonlyMap<string, readonly string[]>;

  constructor(words: ReadonlyMap<string, readonly string[]>) {
    this.#words = words;
  }

  /** Also `[name=X]`, by its name. */
  maybe(name: string): string | undefined {
    return this.#words.get(name)?.[0];
  }

  one(name: string): string {
    const word = this.maybe(name);
    if (word === undefined) {
      throw new Error(`the form has no ${name}`);
    }
    return word;
  }

  all(name: string): readonly string[] {
    return this.#words.get(name) ?? [];
  }

  effect(): EffectKind {
    return narrowed(this.one('EFFECT'), isEffect);
  }

  failable(): Failable {
    return narrowed(this.one('FAILABLE'), isFailable);
  }

  /** Milliseconds. */
  span(name: string): number {
    return spanMs(this.one(name)) ?? 0;
  }
}

/** What was checked when it was read. */
function narrowed<T extends string>(text: string, is: (text: string) => text is T): T {
  if (!is(text)) {
    throw new Error(`${text} was accepted, and should not have been`);
  }
  return text;
}

/**
 * The form that `text` is written in, and its words. Throws TranscriptFault. `known`: more forms, for a message about a
 * command that does not exist.
 */
export function readCommand<F extends { readonly form: string }>(
  text: string,
  forms: readonly F[],
  place: Place,
  known: readonly string[] = forms.map(({ form }) => form),
): { readonly form: F; readonly words: Words } {
  const words = text.trim().split(/\s+/);
  const related = forms.filter(({ form }) => form.split(' ')[0] === words[0]);
  if (related.length === 0) {
    const heads = new Set(known.map((form) => form.split(' ')[0]));
    throw new TranscriptFault(place, `a command (${[...heads].join(', ')})`, JSON.stringify(words[0] ?? ''));
  }
  const misfits: string[] = [];
  for (const form of related) {
    const fitted = fit(words, form.form.split(' '));
    if (fitted instanceof Words) {
      return { form, words: fitted };
    }
    misfits.push(`"${form.form}" (${fitted})`);
  }
  throw new TranscriptFault(place, misfits.join(' or '), JSON.stringify(text.trim()));
}

const OPTION = /^\[([a-z-]+)=([A-Z]+)\]$/;

/** The words by the names of the form; or what does not fit. */
function fit(words: readonly string[], form: readonly string[]): Words | string {
  const found = new Map<string, readonly string[]>();
  const options = new Map(
    form.flatMap((part) => {
      const [, name, value] = OPTION.exec(part) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
  const plain: string[] = [];
  for (const word of words) {
    // What stands in a command within a command is its own.
    const [, name, text] = form.includes('COMMAND...') ? [] : (/^([a-z-]+)=(.*)$/.exec(word) ?? []);
    if (name === undefined || text === undefined) {
      plain.push(word);
      continue;
    }
    const value = options.get(name);
    if (value === undefined) {
      return options.size === 0
        ? `no option ${name}`
        : `no option ${name}, only ${[...options.keys()].join(', ')}`;
    }
    const misfit = misfitOf(text, value);
    if (misfit !== undefined) {
      return misfit;
    }
    found.set(name, [text]);
  }
  const parts = form.filter((part) => !OPTION.test(part));
  for (const [index, part] of parts.entries()) {
    const word = plain[index];
    const [, open, name, colon, many] = /^(\[?)([A-Z]+)(:?)((?:\.\.\.)?)\]?$/.exec(part) ?? [];
    if (name === undefined) {
      if (word !== part) {
        return word === undefined ? `${part} is missing` : `${part}, not ${word}`;
      }
      continue;
    }
    const taken = many === '...' ? plain.slice(index) : plain.slice(index, index + 1);
    if (taken.length === 0 && open === '') {
      return `${name} is missing`;
    }
    if (colon === ':' && word?.endsWith(':') !== true) {
      return `${name} ends with a colon`;
    }
    const texts = taken.map((text) => (colon === ':' ? text.slice(0, -1) : text));
    const misfit = texts.map((text) => misfitOf(text, name)).find((fault) => fault !== undefined);
    if (misfit !== undefined) {
      return misfit;
    }
    found.set(name, texts);
    if (many === '...') {
      return new Words(found);
    }
  }
  const left = plain[parts.length];
  return left === undefined ? new Words(found) : `nothing after ${parts.join(' ')}`;
}

function misfitOf(text: string, name: string): string | undefined {
  const value = VALUES[name];
  if (value === undefined) {
    throw new Error(`a form has ${name}, which is no value`);
  }
  return value.accepts(text) ? undefined : `${name} is ${value.words}`;
}
