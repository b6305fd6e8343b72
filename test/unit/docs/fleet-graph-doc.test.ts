/** docs/fleet/graph.md has every rule of `graph check`, every metric of `graph serve`, and its options. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { GRAPH_SERVE } from '../../../fleet/graph/graph-serve.ts';
import { ServingMetrics } from '../../../fleet/graph/serving-metrics.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const PAGE = readFileSync(path.join(ROOT, 'docs/fleet/graph.md'), 'utf8');
const REVIEW = path.join(ROOT, 'src/cincinnati/review');

function section(title: string): string {
  return PAGE.split(/^##+ /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}

/** Names in the first cells of a section's table. */
const namesIn = (text: string): string[] =>
  [...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map((name) => name[1]!),
  );

describe('docs/fleet/graph.md', () => {
  it('has a row for every rule of the sources, and no other', () => {
    const sources = readdirSync(REVIEW).map((name) => readFileSync(path.join(REVIEW, name), 'utf8'));
    const said = sources.flatMap((source) => [
      ...[...source.matchAll(/findings\.(?:error|warn)\(\s*'([\w-]+)'/g)].map((match) => match[1]!),
      ...[...source.matchAll(/findings\.addAt\(\s*'\w+',\s*'([\w-]+)'/g)].map((match) => match[1]!),
      ...[...source.matchAll(/'(node(?:-[\w-]+)?)'\]?,?/g)].map((match) => match[1]!),
    ]);
    expect(new Set(said).size).toBeGreaterThan(30);
    expect(namesIn(section('Check a graph')).toSorted()).toEqual([...new Set(said)].toSorted());
  });

  it('has a row for every metric', async () => {
    const text = await new ServingMetrics(() => [], 0).render();
    const names = [...text.matchAll(/^# HELP (\S+)/gm)].map((match) => match[1]!);
    expect(namesIn(section('Health and metrics')).toSorted()).toEqual(names.toSorted());
  });

  it('has a row for every option of the server', () => {
    const options = Object.keys(GRAPH_SERVE.options).map((name) => `--${name}`);
    expect(namesIn(section('An update server')).toSorted()).toEqual(options.toSorted());
  });
});
