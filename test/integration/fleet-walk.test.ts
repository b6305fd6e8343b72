/**
 * docs/fleet/walk.md is what an operator sees: twenty built agents, the built lock server on a real etcd, the built update
 * server. They go through a rolling update and a bad release. UPDATE=1 writes the page.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';

import { FLEET_PROJECT } from '../support/fleet/fleet-program.ts';
import { WalkRun } from '../support/fleet/walk-run.ts';
import { HEAD, SCENES } from '../support/fleet/walk-scenes.ts';

const PAGE = path.join(FLEET_PROJECT, 'docs/fleet/walk.md');
/** Half a minute on a quiet machine. */
const LIMIT_MS = 300_000;

it(
  'docs/fleet/walk.md',
  async () => {
    await using walk = await WalkRun.start();
    const sections = [HEAD];
    for (const scene of SCENES) {
      sections.push(await walk.section(scene));
    }
    const page = `${sections.join('\n\n')}\n`;
    // No more nodes were down at once than there are slots.
    expect(await walk.ended('sandbox')).toBe(0);
    if (process.env['UPDATE'] === '1') {
      await writeFile(PAGE, page);
    }
    expect(page).toBe(await readFile(PAGE, 'utf8'));
  },
  LIMIT_MS,
);
