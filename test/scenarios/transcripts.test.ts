/**
 * Transcripts: each file of transcripts/ is played on a simulated node, and has to say what happens.
 *
 * `UPDATE=1 npx vitest run --project unit test/scenarios/transcripts.test.ts` writes down what happens now. What it wrote
 * is to be read before it is kept.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { sentencesOf, TOO_MANY_WORDS } from '../support/prose.ts';
import { playTranscript, readTranscript } from '../support/transcript.ts';
import { FORMS } from '../support/transcript/steps.ts';

const FOLDER = path.join(import.meta.dirname, 'transcripts');
const { CI, UPDATE } = process.env;
const FILES = readdirSync(FOLDER).toSorted();

/** A build that rewrites what it is held to holds nothing. */
if (UPDATE === '1' && CI !== undefined) {
  throw new Error('expected UPDATE to be unset where CI is set, got UPDATE=1');
}

const read = (name: string): string => readFileSync(path.join(FOLDER, name), 'utf8');
const shown = (name: string): string => `test/scenarios/transcripts/${name}`;

test('there is nothing but transcripts, and none got lost', () => {
  expect(FILES.filter((name) => !name.endsWith('.txt'))).toEqual([]);
  expect(FILES.length).toBeGreaterThanOrEqual(26);
});

test('every command is used', () => {
  const used = FILES.flatMap((name) => [...readTranscript(read(name), shown(name), false).forms]);
  expect(FORMS.filter((form) => !used.includes(form))).toEqual([]);
});

test.each(FILES)('%s', (name) => {
  const text = read(name);
  const played = playTranscript(readTranscript(text, shown(name), UPDATE !== '1'));
  if (UPDATE === '1' && played !== text) {
    writeFileSync(path.join(FOLDER, name), played);
    return;
  }
  expect(played).toBe(text);
});

test.each(FILES)('%s is told in short sentences', (name) => {
  const comments = read(name)
    .split('\n')
    .map((line) => (line.startsWith('# ') ? line.slice(2) : ''))
    .join('\n');
  const long = sentencesOf('transcript.md', comments).filter(({ words }) => words >= TOO_MANY_WORDS);
  expect(long.map(({ line, text }) => `${line}: ${text}`)).toEqual([]);
});
