/** The phrases of docs/logs.md are in the sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const documentation = readFileSync(new URL('docs/logs.md', root), 'utf8');

const phrases = [...documentation.matchAll(/^\| `([^`]+)` \| (?:error|warn|info|debug) \|$/gm)].map(
  (match) => match[1]!,
);

const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(new URL(`src/${file}`, root), 'utf8'))
  .join('\n')
  // Values of templates are not part of a phrase.
  .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…');

/** Logged by the program's start, which is not part of the state machine. */
const AT_START = [
  'starting update agent',
  'Cincinnati service: URL',
  'agent running on node',
  'update strategy: ',
];

/** The pieces between values, which are single capitals or words in capitals. */
function fixedParts(phrase: string): string[] {
  return phrase
    .split(/\b(?:URL|ID|GROUP|[VRNEAB])\b|(?<=update strategy: )immediate/)
    .map((part) => part.replace(/: $/, ''))
    .filter((part) => part !== '');
}

describe('docs/logs.md', () => {
  it('has the phrases', () => {
    expect(phrases.length).toBeGreaterThan(20);
  });

  it.each(phrases)('the agent says: %s', (phrase) => {
    const start = AT_START.some((known) => phrase.startsWith(known));
    if (start && !existsSync(new URL('src/daemon/run-agent.ts', root))) {
      return;
    }
    for (const part of fixedParts(phrase)) {
      expect(sources).toContain(part);
    }
  });
});
