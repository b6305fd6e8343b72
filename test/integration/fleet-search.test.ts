/** The built program `zincati-fleet search`, and faults that a search must find. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';

import { SEARCH_FAULTS } from '../put-back/search-faults.ts';
import { PROPERTIES } from '../../src/fleet/search/safety.ts';
import type { Caught } from '../support/fleet/search-with-faults.ts';
import { type Ended, FLEET_PROJECT, runFleet } from '../support/fleet/fleet-program.ts';

const WITH_FAULTS = path.join(FLEET_PROJECT, 'test/support/fleet/search-with-faults.ts');
const PAGE = path.join(FLEET_PROJECT, 'docs/fleet/search.md');
const WAIT = { timeout: 250_000, maxBuffer: 64 * 1024 * 1024 };

/** What the page shows below a comment. UPDATE=1 writes it. */
async function shown(comment: string, now: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const from = page.indexOf(comment) + comment.length;
  const until = page.indexOf('\n<!-- end -->', from);
  expect(until).toBeGreaterThan(from);
  if (process.env['UPDATE'] === '1') {
    await writeFile(PAGE, `${page.slice(0, from)}\n\n${now.trimEnd()}\n${page.slice(until)}`);
  } else {
    expect(page.slice(from, until).trim()).toBe(now.trim());
  }
}

const run = (...args: readonly string[]): Promise<Ended> => runFleet(args, WAIT.timeout);

describe('zincati-fleet search', () => {
  it('looks at every state within its bounds, and prints what the documentation shows', async () => {
    const { code, stdout, stderr } = await run('search');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    await shown('<!-- output of: zincati-fleet search -->', ['```', stdout.trimEnd(), '```'].join('\n'));
  }, 300_000);

  it('says where it stopped, and how to call it', async () => {
    const few = await run('search', '--nodes', '1', '--states', '100', '--json');
    expect(few.code).toBe(0);
    expect(JSON.parse(few.stdout)).toMatchObject({
      search: 1,
      searches: [{ states: 100, isComplete: false, bounds: { nodes: 1, crashes: 2 } }],
    });
    const { code, stdout } = await run('search', '--crashes', '0', '--states', '100');
    expect(code).toBe(0);
    expect(stdout).toMatch(/ 0 so far$/m);
    expect(stdout).toMatch(/^1 node: stopped at the bound of states, at depth \d+; there are more\./m);
    const wrong = await run('search', '--nodes', 'many');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^--nodes must be a whole number from 1 to 4, got "many"/);
  });
});

describe('a search', () => {
  let all: readonly Caught[] = [];
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [WITH_FAULTS], WAIT);
    // Our own program prints it, of the same types.
    all = JSON.parse(stdout) as readonly Caught[];
  }, 300_000);

  it.each(SEARCH_FAULTS)('finds that $fault', ({ id, violates }) => {
    expect(all.find((caught) => caught.id === id)).toMatchObject({ property: violates });
  });

  it('can find a violation of each property, and the documentation shows how deep', async () => {
    expect(new Set(SEARCH_FAULTS.map(({ violates }) => violates))).toEqual(new Set(PROPERTIES));
    const rows = SEARCH_FAULTS.map(({ id, fault, violates }) => {
      const depth = all.find((caught) => caught.id === id)?.depth;
      return `| ${fault} | ${violates} | ${depth} |`;
    });
    await shown(
      '<!-- faults that a search finds -->',
      ['| with this fault | a search finds | after so many moves |', '|---|---|---|', ...rows].join('\n'),
    );
  });
});
