/** The built program `zincati-fleet`: the plan of 10,000 nodes that comes with the project, and its page. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { show } from '../support/browser.ts';
import { type Ended, FLEET_PROJECT, runFleet } from '../support/fleet/fleet-program.ts';

const PLAN = path.join(FLEET_PROJECT, 'examples/fleet/plan.toml');
const PAGE = path.join(FLEET_PROJECT, 'docs/fleet/simulate.md');
/** UPDATE=1 writes it. */
const EXAMPLE = /<!-- output of: zincati-fleet simulate examples\/fleet\/plan\.toml -->\n+```\n([\s\S]*?)```/;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fleet-simulate-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: readonly string[]): Promise<Ended> => runFleet(args, 100_000);

/** All of the built files in a folder, but those whose names there match `but`. */
async function codeBelow(folder: string, but = /^$/): Promise<string> {
  const names = await readdir(path.join(FLEET_PROJECT, folder), { recursive: true });
  const files = names.filter((name) => /\.[cm]js$/.test(name) && !but.test(name));
  const texts = await Promise.all(
    files.map((name) => readFile(path.join(FLEET_PROJECT, folder, name), 'utf8')),
  );
  return texts.join('\n');
}

describe('zincati-fleet simulate', () => {
  it('runs 10,000 nodes for a month, prints what the documentation shows, and draws a page that a browser shows', async () => {
    const html = path.join(folder, 'fleet.html');
    const ics = path.join(folder, 'fleet.ics');
    const { code, stdout, stderr } = await run('simulate', PLAN, '--html', html, '--ics', ics);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const page = await readFile(PAGE, 'utf8');
    const [, example = ''] = EXAMPLE.exec(page) ?? [];
    if (process.env['UPDATE'] === '1') {
      await writeFile(
        PAGE,
        page.replace(example, () => stdout),
      );
    } else {
      expect(stdout).toBe(example);
    }

    const { boxes, loaded, complaints, title } = await show(`file://${html}`, 'figure svg');
    expect(title).toBe('Simulated fleet');
    expect(boxes).toHaveLength(3);
    for (const { width, height } of boxes) {
      expect(width).toBeGreaterThan(400);
      expect(height).toBeGreaterThan(150);
    }
    expect(loaded).toEqual([`file://${html}`]);
    expect(complaints).toEqual([]);
    expect(await readFile(ics, 'utf8')).toMatch(/^BEGIN:VCALENDAR\r\n/);
  });

  it('tells what is wrong with a plan, and how to call it, each with an exit code', async () => {
    const ends = [
      [['simulate', path.join(folder, 'none.toml')], 78, /^cannot read .*none\.toml: /],
      [['simulate', PLAN, '--days', 'many'], 2, /^--days must be a whole number from 1 to 366, got "many"/],
      [['simulate', PLAN, '--days', '1', '--html', `${folder}/none/x.html`], 1, /^cannot write .*x\.html: /],
    ] as const;
    for (const [args, code, words] of ends) {
      const ended = await run(...args);
      expect(ended.code).toBe(code);
      expect(ended.stdout).toBe('');
      expect(ended.stderr).toMatch(words);
    }
    const { code, stdout } = await run('--version');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^zincati-fleet \d/);
  });

  it('is not in the agent’s bundle, and the agent not in its own', async () => {
    const bundled = JSON.parse(await readFile(path.join(FLEET_PROJECT, 'dist/bundled.json'), 'utf8')) as {
      name: string;
    }[];
    expect(bundled.map(({ name }) => name).filter((name) => name.startsWith('vega'))).toEqual([]);
    const [agent, fleet] = [await codeBelow('dist', /^fleet\//), await codeBelow('dist/fleet')];
    // Each has words that the other one must not have.
    expect([agent, fleet].map((code) => code.includes('simulated node '))).toEqual([false, true]);
    expect([agent, fleet].map((code) => code.includes('org.projectatomic.rpmostree1'))).toEqual([
      true,
      false,
    ]);
  });
});
