/**
 * What a bug report needs, section by section.
 *
 * Invariants:
 * - A section that cannot be had says why. It costs no other section.
 * - Reading alone: no server is asked, nothing is started or written.
 */
import os from 'node:os';
import path from 'node:path';

import { loadSettings } from '../config/load-settings.ts';
import { linesOf } from '../errors.ts';
import { readSmallText } from '../files/read-small-file.ts';
import { VERSION } from '../version.ts';
import { unitFacts } from './absent-agent.ts';
import { AgentClient } from './agent-client.ts';
import { findingLines, findingsOf } from './config-check.ts';
import { asToml } from './config-show.ts';
import type { Console } from './console.ts';
import { lookUp } from './history.ts';
import { historyLines } from './history-text.ts';
import { readJournal } from './journal-text.ts';
import { document } from './json-document.ts';
import { readMetrics } from './metrics-text.ts';
import { lookOnce, statusDocument } from './status.ts';
import { describeDuration } from './duration.ts';

export interface Section {
  readonly title: string;
  /** As it is on the host; nothing is redacted yet. */
  readonly text: string;
}

const HISTORY_COUNT = 50;
/** Of os-release, what tells systems apart. */
const OS_KEYS = /^(?:NAME|ID|ID_LIKE|VERSION|VERSION_ID|VARIANT|VARIANT_ID|OSTREE_VERSION|IMAGE_VERSION)=/;

/** Never rejects. */
export async function supportSections(root: string, console: Console): Promise<readonly Section[]> {
  // A report names nobody.
  const terms = { ...console.terms(), width: undefined, colour: false, users: new Map<number, string>() };
  const { isRoot } = console;
  return Promise.all([
    section('program', () => Promise.resolve(programText(terms.now, isRoot))),
    section('host', () => hostText(root)),
    section('unit', async () => JSON.stringify(await unitFacts(root), null, 2)),
    section('configuration', async () => asToml((await loadSettings(root)).shown, true)),
    section('configuration check', async () => findingLines(await findingsOf(root)).join('\n')),
    section('status', async () => statusDocument(await lookOnce(root))),
    section('why', () => whyText(root)),
    section('history', async () => {
      const { entries, absence } = await lookUp(root, isRoot, HISTORY_COUNT, undefined);
      const lines = entries.length === 0 ? ['nothing is known'] : historyLines(entries, terms);
      return [...(absence === undefined ? [] : [`(from the file: ${absence})`]), ...lines].join('\n');
    }),
    section('metrics', () => readMetrics(root)),
    section('journal', () => readJournal(root)),
  ]);
}

async function section(title: string, read: () => Promise<string>): Promise<Section> {
  try {
    return { title, text: (await read()).trimEnd() };
  } catch (error) {
    return { title, text: `(not available: ${linesOf(error)})` };
  }
}

function programText(now: number, isRoot: boolean): string {
  return [
    `zincati ${VERSION}`,
    `node ${process.version} ${process.platform} ${process.arch}`,
    `made ${new Date(now).toISOString()} by ${isRoot ? 'root' : 'somebody who is not root'}`,
  ].join('\n');
}

async function hostText(root: string): Promise<string> {
  const release = await readSmallText(path.join(root, '/usr/lib/os-release')).catch(() => '');
  const { TZ: zone = '' } = process.env;
  return [
    ...release.split('\n').filter((line) => OS_KEYS.test(line)),
    `kernel ${os.release()} ${os.machine()}`,
    `processors ${os.availableParallelism()}, memory ${Math.round(os.totalmem() / 2 ** 20)} MiB, free ${Math.round(os.freemem() / 2 ** 20)} MiB`,
    `up for ${describeDuration(os.uptime() * 1000)}`,
    ...(zone === '' ? [] : [`TZ ${zone}`]),
  ].join('\n');
}

async function whyText(root: string): Promise<string> {
  await using client = await AgentClient.open(root, false);
  return document('Explanation', { ...(await client.explain([])) });
}
