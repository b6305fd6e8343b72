/** The examples in docs/strategies work as they stand. */
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { judgeMarker } from '../../../src/strategies/marker.ts';
import { question } from '../../support/question.ts';

const folder = new URL('../../../docs/strategies/', import.meta.url);
const examples = readdirSync(folder).flatMap((name) =>
  [...readFileSync(new URL(name, folder), 'utf8').matchAll(/```toml\n([\s\S]*?)```/g)].map(
    (match) => [name, match[1] ?? ''] as const,
  ),
);

describe('docs/strategies', () => {
  it.each(examples)('%s has an example that works: %j', (_name, text) => {
    const bytes = Buffer.from(text);
    if (text.includes('not_after')) {
      const file = { kind: 'file', uid: 0, mode: 0o644, links: 1, bytes } as const;
      expect(judgeMarker(file, question(), { path: '/x', ownerUid: 0 }).verdict).toBe('pass');
      return;
    }
    const { values, warnings, errors } = readFragment(parseToml(bytes, 'x.toml'), 'x.toml');
    expect({ warnings, errors }).toEqual({ warnings: [], errors: [] });
    expect(Object.keys(values)).not.toEqual([]);
  });
});
