/** Command `config check`: the agent's own checks, without the agent. */
import { stat } from 'node:fs/promises';
import path from 'node:path';

import { loadFolders, loadSettings, type LoadedSettings } from '../config/load-settings.ts';
import { ConfigError, IdentityError, isSetupError, linesOf, messageOf, printable } from '../errors.ts';
import { ACCESS_REMEDY } from '../files/access-remedy.ts';
import { errorCode, isMissing } from '../files/error-code.ts';
import { loadIdentity, needsOfAgent } from '../identity/identity.ts';
import { nodeUuid } from '../identity/node-uuid.ts';
import { platform } from '../identity/platform.ts';
import { createPeriodicGate } from '../strategies/periodic.ts';
import type { CommandOf } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { document } from './json-document.ts';
import { tellKeptFromCaller } from './kept-from-caller.ts';
import { err, out } from './standard-streams.ts';

export interface Findings {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly files: readonly string[];
}

/** Never rejects. */
export async function configCheck(command: CommandOf<'config check'>): Promise<number> {
  const { folder: folders, root, json } = command;
  for (const folder of folders) {
    const problem = await problemOf(folder);
    if (problem !== undefined) {
      err(`cannot check ${printable(folder)}: ${problem}\n`);
      return EXIT.failure;
    }
  }
  const findings = await (folders.length === 0
    ? findingsOf(root)
    : find(() => loadFolders(folders.map((folder) => path.resolve(folder))), root));
  const isKept = (line: string): boolean => line.endsWith(ACCESS_REMEDY);
  // What root cannot read is a fault of the host. Others may lack what the agent has.
  const kept = process.geteuid?.() === 0 ? [] : findings.errors.filter(isKept);
  if (kept.length > 0 && kept.length === findings.errors.length) {
    if (!json) {
      err(kept.map((line) => `${withoutRemedy(line)}\n`).join(''));
    }
    return tellKeptFromCaller(command);
  }
  const told = kept.length === 0 ? findings : forCaller(findings);
  const isGood = told.errors.length === 0;
  if (json) {
    out(document('ConfigCheck', { valid: isGood, ...told }));
  } else {
    out(`${findingLines(told).join('\n')}\n`);
  }
  return isGood ? EXIT.ok : EXIT.config;
}

/** Who may not read a file is told so, and not how the agent could. */
function forCaller(findings: Findings): Findings {
  const note = 'root reads the files that are not for you: `sudo zincati config check`';
  return { ...findings, errors: findings.errors.map(withoutRemedy), notes: [...findings.notes, note] };
}

function withoutRemedy(line: string): string {
  return line.endsWith(ACCESS_REMEDY) ? line.slice(0, -ACCESS_REMEDY.length) : line;
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
  const { settings, notes } = loaded;
  if (root === '/') {
    await loadIdentity(root, settings, needsOfAgent(settings));
    return loaded;
  }
  return { ...loaded, notes: [...notes, ...(await missingFacts(root, settings))] };
}

/** What a tree away from its host lacks, such as an image. Rejects with IdentityError for what it has, and is wrong. */
async function missingFacts(
  root: string,
  settings: Pick<LoadedSettings['settings'], 'identity' | 'updates'>,
): Promise<readonly string[]> {
  const { identity } = settings;
  const ofPlatform = {
    key: 'identity.platform',
    value: identity.platform,
    file: '/proc/cmdline',
    read: platform,
  };
  const facts = [
    { key: 'identity.node_uuid', value: identity.nodeUuid, file: '/etc/machine-id', read: nodeUuid },
    ...(needsOfAgent(settings).has('platform') ? [ofPlatform] : []),
  ];
  const notes: string[] = [];
  for (const { key, value, file, read } of facts) {
    if (value !== undefined) {
      continue;
    }
    try {
      await read(root);
    } catch (error) {
      if (!(error instanceof IdentityError && isMissing(error.cause))) {
        throw error;
      }
      notes.push(`${key} is not set, and ${path.join(root, file)} is not there: the host must have it`);
    }
  }
  return notes;
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
    if (!isSetupError(error)) {
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
