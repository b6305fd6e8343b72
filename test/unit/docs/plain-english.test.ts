/**
 * Comments and pages are plain English: no sentence is too long, and invariants are bullets.
 *
 * `FOLDER=src/agent npx vitest run --project unit test/unit/docs/plain-english.test.ts` looks at one folder or file,
 * whether it is held or not.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  invariantsFault,
  longSentences,
  proseFiles,
  sentencesOf,
  TOO_MANY_WORDS,
} from '../../support/prose.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const { FOLDER } = process.env;

/** Folders and files that are not held to the rule yet. */
const NOT_YET: readonly string[] = [];

const isHeld = (name: string): boolean =>
  !NOT_YET.some((place) => name === place || name.startsWith(`${place}/`));
const files = FOLDER === undefined ? proseFiles().filter(isHeld) : proseFiles(FOLDER);

test('the files are found', () => {
  expect(proseFiles().length).toBeGreaterThan(400);
  expect(files).not.toEqual([]);
});

describe(`no sentence has ${TOO_MANY_WORDS} words or more`, () => {
  test.each(files)('%s', (name) => {
    expect(longSentences(name)).toEqual([]);
  });
});

test('invariants in head comments are bullets', () => {
  const faults = files
    .filter((name) => /^(?:src|fleet)\//.test(name) && name.endsWith('.ts'))
    .map((name) => invariantsFault(name, readFileSync(path.join(ROOT, name), 'utf8')));
  expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
});

describe('what the reader of prose sees', () => {
  const read = (name: string, text: string): string[] =>
    sentencesOf(name, text).map(({ line, words, text: sentence }) => `${line}:${words}:${sentence}`);

  test('comments of TypeScript, and no strings, templates or regular expressions', () => {
    const source = [
      '/**',
      ' * One thing. Another',
      ' * thing; it goes on:',
      ' *',
      ' * - an item',
      ' * @param name the name',
      ' */',
      "const a = '// no'; // A tail.",
      '// First line',
      '// and second.',
      'const b = `/* no ${a /* Inside. */} // no`;',
      'const c = /\\/\\* no/; /* Last. */',
    ].join('\n');
    expect(read('x.ts', source)).toEqual([
      '2:2:One thing.',
      '2:5:Another thing; it goes on:',
      '5:2:an item',
      '6:3:name the name',
      '8:2:A tail.',
      '9:4:First line and second.',
      '11:1:Inside.',
      '12:1:Last.',
    ]);
  });

  test('comments and docstrings of Python', () => {
    const source = [
      '#!/usr/bin/python3',
      '"""The module.',
      '',
      'Second paragraph."""',
      'NAME = "# no"',
      "TEXT = '''# no'''",
      'def f():',
      '    """What it',
      '    does."""',
      '    return 1  # The end.',
    ].join('\n');
    expect(read('x.py', source)).toEqual([
      '2:2:The module.',
      '4:2:Second paragraph.',
      '8:3:What it does.',
      '10:2:The end.',
    ]);
  });

  test('comments of shell, TOML and units, of XML, and JavaScript by another name', () => {
    const shell = ['#!/bin/sh', '# One', '# comment.', "echo '# no' # Yes.", 'x=${a#b}'].join('\n');
    expect(read('x.sh', shell)).toEqual(['2:2:One comment.', '4:1:Yes.']);
    expect(read('zincati', shell)).toEqual(['2:2:One comment.', '4:1:Yes.']);
    expect(read('x.toml', '# Say:\n#   [updates]\n#   strategy = "x"\n')).toEqual(['1:1:Say:']);
    expect(read('org.x.conf', '<a>\n<!-- A policy.\n     Two. -->\n</a>')).toEqual([
      '2:2:A policy.',
      '3:1:Two.',
    ]);
    expect(read('x.rules', '// A rule.\nlet a = 1;')).toEqual(['1:2:A rule.']);
    expect(read('x.png', '# Nothing.')).toEqual([]);
  });

  test('paragraphs, items and cells of Markdown; code and addresses are one word', () => {
    const page = [
      '# A heading is not prose',
      'See [two words](docs/x.md#a.b) or `a b. c` or https://example.com/a.b, e.g. now. Then',
      'more',
      '* item',
      '  goes on',
      '* item',
      '',
      '```',
      'no. no.',
      '```',
      '| head | `a|b` |',
      '|---|:-:|',
      '| a cell. Two | x |',
    ].join('\n');
    expect(read('x.md', page)).toEqual([
      '2:9:See [two words] or `a b. c` or https://example.com/a.b, e.g. now.',
      '2:2:Then more',
      '4:3:item goes on',
      '6:1:item',
      '11:1:head',
      '11:1:`a b`',
      '13:2:a cell.',
      '13:1:Two',
      '13:1:x',
    ]);
  });

  test('invariants that are no bullets', () => {
    const head = (...lines: string[]): string => ['/**', ' * It.', ' *', ...lines, ' */', ''].join('\n');
    expect(invariantsFault('x.ts', head(' * Invariants:', ' * - one;', ' * - two.'))).toBeUndefined();
    expect(invariantsFault('x.ts', '/** It. */\n')).toBeUndefined();
    expect(invariantsFault('x.ts', 'const a = 1;\n')).toBeUndefined();
    expect(invariantsFault('x.ts', head(' * Invariants: one; two.'))).toMatch(/^x\.ts:4: nothing/);
    expect(invariantsFault('x.ts', head(' * Invariants:', ' * one.'))).toMatch(/^x\.ts:4: the line/);
  });
});
