/** The labels of verdicts are the same in the code, in labels.ts and in docs/why-not-rebooting.md. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { ALLOW_LABELS, DENY_LABELS } from '../../../src/gates/labels.ts';

const projectFile = (path: string) => new URL(`../../../${path}`, import.meta.url);
const documentation = readFileSync(projectFile('docs/why-not-rebooting.md'), 'utf8');

/** Headings such as "### `marker_missing`" between the two marks. */
const index = /<!-- labels -->([\s\S]*)<!-- end of labels -->/.exec(documentation)?.[1] ?? '';
const documented = [...index.matchAll(/^### (.+)$/gm)].flatMap(([, heading = '']) =>
  [...heading.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]),
);

describe('labels', () => {
  it('are each explained in docs/why-not-rebooting.md, once', () => {
    expect(documented.toSorted()).toEqual([...DENY_LABELS].toSorted());
  });

  it('are all in the list', () => {
    const known: readonly string[] = [...ALLOW_LABELS, ...DENY_LABELS];
    const written = readdirSync(projectFile('src/strategies'))
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [
        ...readFileSync(projectFile(`src/strategies/${name}`), 'utf8').matchAll(/\blabel: '([^']+)'/g),
      ])
      .map((match) => match[1]);
    expect(written.filter((label) => label === undefined || !known.includes(label))).toEqual([]);
    expect(written.length).toBeGreaterThan(0);
  });

  it('are fit for a metric', () => {
    for (const label of [...ALLOW_LABELS, ...DENY_LABELS]) {
      expect(label).toMatch(/^[a-z_]{1,32}$/);
    }
  });
});
