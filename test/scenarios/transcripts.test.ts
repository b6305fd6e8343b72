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

const FOLDER = path.join(import.meta.dirname, 'transcripts');
const { CI, UPDATE } = process.env;
const FILES = readdirSync(FOLDER).toSorted();

/** A build that rewrites what it is held to holds nothing. */
if (UPDATE === '1' && CI !== undefined) {
  throw new Error('expected UPDATE to be unset where CI is set, got UPDATE=1');
}

test('there are as many stories as there were', () => {
  expect(FILES.filter((name) => name.endsWith('.txt')).length).toBeGreaterThanOrEqual(14);
  expect(FILES.filter((name) => !name.endsWith('.txt'))).toEqual([]);
});

test.each(FILES)('%s', (name) => {
  const file = path.join(FOLDER, name);
  const text = readFileSync(file, 'utf8');
  const shown = `test/scenarios/transcripts/${name}`;
  const played = playTranscript(readTranscript(text, shown, UPDATE !== '1'));
  if (UPDATE === '1' && played !== text) {
    writeFileSync(file, played);
    return;
  }
  expect(played).toBe(text);
});

test.each(FILES)('%s is told in short sentences', (name) => {
  const comments = readFileSync(path.join(FOLDER, name), 'utf8')
    .split('\n')
    .map((line) => (line.startsWith('# ') ? line.slice(2) : ''))
    .join('\n');
  const long = sentencesOf('transcript.md', comments).filter(({ words }) => words >= TOO_MANY_WORDS);
  expect(long.map(({ line, text }) => `${line}: ${text}`)).toEqual([]);
});
