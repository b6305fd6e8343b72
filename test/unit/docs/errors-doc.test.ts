/** docs/errors.md and the code name the same kinds, causes and exit codes. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { HEALTH_CAUSES } from '../../../src/agent/health.ts';
import * as errors from '../../../src/errors.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const TEXT = readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');

/** First cells of the tables of one section, in order. */
function firstCells(section: string): string[] {
  const body = TEXT.split(/^## /m).find((part) => part.startsWith(`${section}\n`));
  if (body === undefined) {
    throw new Error(`docs/errors.md must have the section ${section}`);
  }
  return [...body.matchAll(/^\| `?([^`|]+?)`? \|/gm)]
    .map((match) => match[1]!)
    .filter((cell) => !/^(-+|kind|code|cause)$/.test(cell));
}

describe('each section has the kinds of its class, in the order of the catalogue', () => {
  test.each([
    ['Configuration', errors.CONFIG_ERROR_KINDS],
    ['Identity', errors.IDENTITY_ERROR_KINDS],
    ['HTTP', errors.HTTP_ERROR_KINDS],
    ['Lock server', errors.FLEET_LOCK_ERROR_KINDS],
    ['D-Bus', errors.BUS_ERROR_KINDS],
    ['rpm-ostree', errors.RPM_OSTREE_ERROR_KINDS],
    // The server's own words cannot be listed, but the two families that stand for them can.
    ['Update checks', [...errors.CINCINNATI_ERROR_KINDS, 'generic_http_CODE', 'remote_other']],
  ] as const)('%s', (section, kinds) => {
    expect(firstCells(section)).toEqual([...kinds]);
  });

  test('no catalogue of src/errors.ts is left out', () => {
    const catalogues = Object.entries(errors).filter(([name]) => name.endsWith('_KINDS'));
    const documented = TEXT.split(/^## /m)
      .flatMap((part) => firstCells(part.split('\n')[0] ?? ''))
      .filter((cell) => /^[a-z_]+$/.test(cell));
    for (const [name, kinds] of catalogues) {
      if (!Array.isArray(kinds)) {
        throw new Error(`${name} must be a list`);
      }
      for (const kind of kinds) {
        expect(documented, `${String(kind)} of ${name}`).toContain(kind);
      }
    }
    expect(catalogues).toHaveLength(7);
  });
});

test('the kinds beyond the catalogues are those that the code gives', () => {
  const single = [new errors.RecordError(''), new errors.CancelledError('')].map((error) => error.kind);
  const written = globSync('src/agent/**/*.ts', { cwd: ROOT }).flatMap((file) =>
    [
      ...readFileSync(path.join(ROOT, file), 'utf8').matchAll(
        // A failure or a hold as the machine writes it: a kind next to a message.
        /\bkind: '([a-z_]+)',\s+message\b/g,
      ),
    ].map((match) => match[1]!),
  );
  const expected = new Set([...single, ...written, errors.kindOf(new Error('no kind'))]);
  expect(written.length).toBeGreaterThan(0);
  expect(new Set(firstCells('The agent itself'))).toEqual(expected);
});

test('each cause of health has a row, in the order of the code', () => {
  expect(firstCells('Health')).toEqual([...HEALTH_CAUSES]);
});

test('each exit code has a row with its name', () => {
  expect(firstCells('Exit codes')).toEqual(Object.values(EXIT).map(String));
  for (const [name, code] of Object.entries(EXIT)) {
    expect(TEXT).toContain(`| ${code} | \`${name}\` |`);
  }
});

test('every kind in the documentation is told what to do about', () => {
  for (const row of TEXT.split('\n').filter((line) => /^\| (`|\d)/.test(line))) {
    const cells = row.split(/(?<!\\)\|/).slice(1, -1);
    for (const cell of cells) {
      expect(cell.trim(), row).not.toBe('');
    }
  }
});
