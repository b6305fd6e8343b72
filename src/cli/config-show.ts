/** Command `config show`: every setting in force, as one TOML document that would lead to the same settings. */
import { loadSettings } from '../config/load-settings.ts';
import type { ShownSetting } from '../config/shown-settings.ts';
import { ConfigError, linesOf } from '../errors.ts';
import type { CommandOf } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { document } from './json-document.ts';

/** Never rejects for a configuration that cannot be used. */
export async function configShow({ root, origin, json }: CommandOf<'config show'>): Promise<number> {
  let shown: readonly ShownSetting[];
  try {
    ({ shown } = await loadSettings(root));
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    process.stderr.write(`${linesOf(error)}\n\`zincati config check\` says more.\n`);
    return EXIT.config;
  }
  if (json) {
    process.stdout.write(document('Configuration', { settings: shown }));
  } else {
    process.stdout.write(asToml(shown, origin));
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
