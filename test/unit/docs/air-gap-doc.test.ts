/** docs/air-gap.md: the update graph and the address that it shows are those that the agent takes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

import type { Release } from '../../../src/agent/release.ts';
import { parseGraph } from '../../../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../../src/cincinnati/graph/select-update.ts';
import { graphUrl } from '../../../src/cincinnati/sources/cincinnati-client.ts';

const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../../docs/air-gap.md'), 'utf8');
const blockOf = (language: string): string =>
  new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(PAGE)?.[1] ?? '';
const BOOTED: Release = {
  version: '43.20260217.3.1',
  payload: { scheme: 'checksum', value: '1'.repeat(64) },
};

test('its graph leads from the first release to the second, without a warning', () => {
  const graph = parseGraph(JSON.parse(blockOf('json')));
  expect(graph.warnings).toEqual([]);
  const query = { booted: BOOTED, denied: [], skip: [], allowDowngrade: false };
  expect(selectUpdate(surroundingsOf(graph, BOOTED), query)).toMatchObject({
    outcome: { kind: 'update', release: { version: '43.20260413.3.2' } },
    warnings: [],
  });
});

test('its address is the one that is asked', () => {
  const baseUrl = /^base_url = "(.*)"$/m.exec(blockOf('toml'))?.[1] ?? '';
  const url = graphUrl(
    {
      baseUrl,
      node: {
        basearch: 'x86_64',
        stream: 'stable',
        platform: 'metal',
        group: 'default',
        nodeUuid: '0'.repeat(32),
        rolloutWariness: undefined,
      },
    },
    BOOTED,
  );
  expect(PAGE).toContain(`This asks for \`${url.origin}${url.pathname}\``);
});
