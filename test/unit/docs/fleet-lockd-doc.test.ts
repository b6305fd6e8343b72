/** docs/fleet/lockd.md has every key, answer, command, option and metric of lockd; its example can be read. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { LOCKD_GROUP_KEYS, LOCKD_KEYS } from '../../../fleet/lockd/config-keys.ts';
import { readLockdConfig } from '../../../fleet/lockd/config.ts';
import { LockService } from '../../../fleet/lockd/lock-service.ts';
import { LOCKS } from '../../../fleet/lockd/locks.ts';
import { LockdMetrics } from '../../../fleet/lockd/metrics.ts';
import { REPLY_KINDS } from '../../../fleet/lockd/replies.ts';
import { SqliteStore } from '../../../fleet/lockd/sqlite-store.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const PAGE = readFileSync(path.join(ROOT, 'docs/fleet/lockd.md'), 'utf8');

function section(title: string): string {
  return PAGE.split(/^##+ /m).find((part) => part.startsWith(`${title}\n`)) ?? '';
}

/** Cells of the rows whose first one is a name. */
const rowsIn = (title: string): string[][] =>
  [...section(title).matchAll(/^\| `.*\|$/gm)].map(([row]) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
  );

const namesIn = (title: string): string[] => rowsIn(title).map(([name = '']) => name);

describe('docs/fleet/lockd.md', () => {
  it.each([
    ['Configuration', LOCKD_KEYS],
    ['Keys of a group', LOCKD_GROUP_KEYS],
  ])('has a row for every key: %s', (title, keys) => {
    expect(namesIn(title)).toEqual(Object.keys(keys));
    const rows = rowsIn(title);
    for (const [index, { doc, fallback }] of Object.values<{
      readonly doc: string;
      readonly fallback: unknown;
    }>(keys).entries()) {
      const [, , shown = '', meaning = ''] = rows[index] ?? [];
      expect(meaning.replaceAll('`', '').split(/[:,]/)[0]).toBe(doc.replaceAll('`', '').split(/[:,]/)[0]);
      if (typeof fallback === 'number' && shown !== 'must be there') {
        expect(shown).toBe(String(fallback));
      }
      if (typeof fallback === 'string' && fallback !== '') {
        expect(shown).toBe(fallback);
      }
    }
  });

  it('has a row for every answer, with its status and its meaning', () => {
    expect(rowsIn('Answers')).toEqual(
      Object.entries(REPLY_KINDS).map(([kind, { status, doc }]) => [kind, String(status), doc]),
    );
  });

  it('has a row for every command and every option of locks', () => {
    const options = new Set(LOCKS.flatMap((command) => Object.keys(command.options)));
    expect(namesIn('See and free slots').toSorted()).toEqual(
      [...LOCKS.map(({ name }) => name), ...[...options].map((name) => `--${name}`)].toSorted(),
    );
  });

  it('has a row for every metric', async () => {
    const store = new SqliteStore(':memory:');
    try {
      const service = new LockService({
        store,
        now: () => 0,
        mono: () => 0,
        retryAfterMs: () => 0,
        tooLong: () => undefined,
        pausedItself: () => undefined,
      });
      const text = await new LockdMetrics().render(service, 0);
      const names = [...text.matchAll(/^# HELP (\S+)/gm)].map((match) => match[1]!);
      expect(namesIn('Metrics').toSorted()).toEqual(names.toSorted());
    } finally {
      await store.close();
    }
  });

  it('has an example that can be read, and nothing in it is wrong', async () => {
    const config = await readLockdConfig(path.join(ROOT, 'examples/fleet/lockd.toml'));
    expect(config.warnings).toEqual([]);
    expect(config.groups.map(({ name, slots }) => `${name} ${slots}`)).toEqual(['workers 2', 'databases 1']);
    expect(config.store).toEqual({ kind: 'sqlite', file: '/var/lib/zincati-fleet-lockd/locks.db' });
  });
});
