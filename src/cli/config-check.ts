/** Command `config check`: the agent's own checks, without the agent. */
import { stat } from 'node:fs/promises';
import path from 'node:path';

import { loadFolder, loadSettings, type LoadedSettings } from '../config/load-settings.ts';
import { ConfigError, IdentityError, linesOf, messageOf, printable } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import { loadIdentity } from '../identity/identity.ts';
import { createPeriodicGate } from '../strategies/periodic.ts';
import type { CommandOf } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { document } from './json-document.ts';

export interface Findings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly files: readonly string[];
}

/** Never rejects. */
export async function configCheck(command: CommandOf<'config check'>): Promise<number> {
  const { folder, root, json } = command;
  if (folder !== undefined) {
    const problem = await problemOf(folder);
    if (problem !== undefined) {
      process.stderr.write(`cannot check ${printable(folder)}: ${problem}\n`);
      return EXIT.failure;
    }
  }
  const findings = await (folder === undefined
    ? findingsOf(root)
    : find(() => loadFolder(path.resolve(folder)), root));
  const isGood = findings.errors.length === 0;
  if (json) {
    process.stdout.write(document('ConfigCheck', { valid: isGood, ...findings }));
  } else {
    process.stdout.write(`${findingLines(findings).join('\n')}\n`);
  }
  return isGood ? EXIT.ok : EXIT.config;
}

/** What is wrong or odd in the configuration of the host. */
export function findingsOf(root: string): Promise<Findings> {
  return find(() => loadHost(root), root);
}

/** A folder that is not there must not pass for one without faults. */
async function problemOf(folder: string): Promise<string | undefined> {
  try {
    return (await stat(folder)).isDirectory() ? undefined : 'it must be a folder';
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'it must exist' : messageOf(error);
  }
}

async function loadHost(root: string): Promise<LoadedSettings> {
  const loaded = await loadSettings(root);
  await loadIdentity(root, loaded.settings);
  return loaded;
}

async function find(load: () => Promise<LoadedSettings>, root: string): Promise<Findings> {
  try {
    const loaded = await load();
    const { notes, files } = loaded;
    return {
      errors: [],
      warnings: [...loaded.warnings, ...(await calendarWarnings(loaded, root))],
      notes,
      files,
    };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof IdentityError)) {
      throw error;
    }
    const warnings = error instanceof ConfigError ? error.notes : [];
    return { errors: linesOf(error).split('\n'), warnings, notes: [], files: [] };
  }
}

/** What the operator can hardly have meant. The time zones are those of the host that this runs on. */
async function calendarWarnings(
  { settings, origins }: LoadedSettings,
  root: string,
): Promise<readonly string[]> {
  if (!settings.updates.strategies.includes('periodic')) {
    return [];
  }
  const warnings: string[] = [];
  const gate = await createPeriodicGate({
    settings: settings.updates.periodic,
    // Only the turn of a node depends on it, which no warning is about.
    nodeUuid: '0'.repeat(32),
    root,
    warn: (text) => warnings.push(text),
  });
  const schedule = await gate.schedule();
  return [...warnings, ...schedule.warningsAt(Date.now(), origins)];
}

/** Lines without their breaks; the last one is the verdict. */
export function findingLines({ errors, warnings, notes, files }: Findings): readonly string[] {
  const lines = [
    ...errors.map((line) => `error: ${line}`),
    ...warnings.map((line) => `warning: ${line}`),
    ...notes.map((line) => `note: ${line}`),
  ];
  const read = files.length === 1 ? '1 file was read' : `${files.length} files were read`;
  const verdict =
    errors.length === 0
      ? `the configuration is good: ${read}`
      : `the configuration cannot be used: ${errors.length === 1 ? '1 error' : `${errors.length} errors`}`;
  return [...lines, verdict];
}
