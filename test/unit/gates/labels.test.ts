/** The labels in the code, in labels.ts and in docs/why-not-rebooting.md are the same words. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { BLOCK_LABELS, PASS_LABELS } from '../../../src/gates/labels.ts';

const projectFile = (path: string) => new URL(`../../../${path}`, import.meta.url);
const documentation = readFileSync(projectFile('docs/why-not-rebooting.md'), 'utf8');

/** Headings such as "### `marker_missing`" between the two marks. */
const index = /<!-- labels -->([\s\S]*)<!-- end of labels -->/.exec(documentation)?.[1] ?? '';
const documented = [...index.matchAll(/^### (.+)$/gm)].flatMap(([, heading = '']) =>
  [...heading.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]),
);

/** What the source files of a folder hand to the makers of reports, as `pass(NAME, 'uptime', ...`. */
const sources = ['gates', 'strategies', 'lenders'].flatMap((folder) =>
  readdirSync(projectFile(`src/${folder}`))
    .filter((name) => name.endsWith('.ts') && name !== 'labels.ts')
    .map((name) => readFileSync(projectFile(`src/${folder}/${name}`), 'utf8')),
);
const written = (maker: string): string[] =>
  sources
    .flatMap((text) => [...text.matchAll(new RegExp(`\\b${maker}\\(\\s*(?:NAME|'\\w+'),\\s*'([^']+)'`, 'g'))])
    .map((match) => match[1] ?? '');

describe('labels', () => {
  it('are each explained in docs/why-not-rebooting.md, once', () => {
    expect(documented.toSorted()).toEqual([...BLOCK_LABELS].toSorted());
  });

  it('are all in the list', () => {
    const passing = written('pass');
    const blocking = written('block');
    expect(passing.filter((label) => !PASS_LABELS.some((known) => known === label))).toEqual([]);
    expect(blocking.filter((label) => !BLOCK_LABELS.some((known) => known === label))).toEqual([]);
    expect(passing.length).toBeGreaterThan(0);
    expect(blocking.length).toBeGreaterThan(0);
  });

  it('are all in use', () => {
    const passing = written('pass');
    expect(PASS_LABELS.filter((label) => !passing.includes(label))).toEqual([]);
    const texts = sources.join('\n');
    expect(BLOCK_LABELS.filter((label) => !texts.includes(`'${label}'`))).toEqual([]);
  });

  it('are fit for a metric', () => {
    for (const label of [...PASS_LABELS, ...BLOCK_LABELS]) {
      expect(label).toMatch(/^[a-z_]{1,32}$/);
    }
  });
});
