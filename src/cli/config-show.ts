/**
 * Command `config show`: every setting in force, as one TOML document that would lead to the same settings. The agent
 * is asked only where the caller may not read all files.
 */
import { loadSettings } from '../config/load-settings.ts';
import type { ShownSetting } from '../config/shown-settings.ts';
import { ConfigError, linesOf } from '../errors.ts';
import { AgentClient } from './agent-client.ts';
import type { CommandOf } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { document } from './json-document.ts';
import { isKeptFromCaller, tellKeptFromCaller } from './kept-from-caller.ts';
import { err, out } from './standard-streams.ts';

/** Never rejects for a configuration that cannot be used. */
export async function configShow(command: CommandOf<'config show'>): Promise<number> {
  const { root, origin, json } = command;
  let shown: readonly ShownSetting[];
  try {
    ({ shown } = await loadSettings(root));
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    const known = isKeptFromCaller(error) ? await fromAgent(root) : undefined;
    if (known !== undefined) {
      return print(known, origin, json);
    }
    if (isKeptFromCaller(error)) {
      return tellKeptFromCaller(command);
    }
    err(`${linesOf(error)}\n\`zincati config check\` says more.\n`);
    return EXIT.config;
  }
  return print(shown, origin, json);
}

/** Without secrets, as it is in force; undefined where the agent does not say. */
async function fromAgent(root: string): Promise<readonly ShownSetting[] | undefined> {
  try {
    await using client = await AgentClient.open(root, false);
    return await client.configuration();
  } catch {
    return undefined;
  }
}

function print(shown: readonly ShownSetting[], withOrigin: boolean, isJson: boolean): number {
  if (isJson) {
    out(document('Configuration', { settings: shown }));
  } else {
    out(asToml(shown, withOrigin));
  }
  return EXIT.ok;
}

const ENTRY = /^(.*)\[\d+\]$/;

/** Entries of one list follow each other, and become one list again. */
export function asToml(shown: readonly ShownSetting[], withOrigin: boolean): string {
  const lines: string[] = [];
  let list: string | undefined;
  const close = (): void => {
    if (list !== undefined) {
      lines.push(']');
      list = undefined;
    }
  };
  for (const setting of shown) {
    const [, listKey] = ENTRY.exec(setting.key) ?? [];
    const comment = withOrigin ? `  # ${originOf(setting)}` : '';
    if (listKey === undefined) {
      close();
      lines.push(`${setting.key} = ${setting.value}${comment}`);
      continue;
    }
    if (listKey !== list) {
      close();
      list = listKey;
      lines.push(`${listKey} = [`);
    }
    lines.push(`  ${setting.value},${comment}`);
  }
  close();
  return `${lines.join('\n')}\n`;
}

function originOf({ file, masked }: ShownSetting): string {
  if (file === '') {
    return 'default';
  }
  return masked.length === 0 ? file : `${file}, in place of ${masked.join(', ')}`;
}
