/**
 * Command `support`: one text for a bug report, without secrets.
 *
 * Invariants:
 * - Every section is redacted, whatever it is about.
 * - A file is made anew, for its owner alone. No link and no other file in its place is written through.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

import { messageOf, printable } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import type { CommandOf } from './command-line.ts';
import { Failure } from './failure.ts';
import { document } from './json-document.ts';
import { knownSecrets } from './known-secrets.ts';
import { redacted } from './redaction.ts';
import { runClient } from './run-client.ts';
import { type Section, supportSections } from './support-sections.ts';

export function support(command: CommandOf<'support'>): Promise<number> {
  return runClient(command, async (console) => {
    const { root, output, json } = command;
    // First, since all else takes time.
    const handle = output === undefined ? undefined : await createFile(output);
    try {
      // One after the other: a credential is read with other rights.
      const known = await knownSecrets(root);
      const sections = (await supportSections(root, console)).map(({ title, text }) => ({
        title,
        text: redacted(text, known),
      }));
      const bundle = json ? document('Support', { sections }) : bundleText(sections);
      if (handle === undefined) {
        console.out(bundle);
      } else {
        await handle.writeFile(bundle);
        await handle.sync();
        console.err(`${printable(output ?? '')} is written; read it before it goes to others\n`);
      }
    } finally {
      await handle?.close();
    }
    return 'ok';
  });
}

/** Rejects with Failure. */
async function createFile(file: string): Promise<FileHandle> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  try {
    return await open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  } catch (error) {
    const why = errorCode(error) === 'EEXIST' ? 'it is there already' : messageOf(error);
    throw new Failure('failure', `cannot make ${printable(file)}: ${why}`);
  }
}

const EVERY_CONTROL = /[^\P{Cc}\n\t]/gu;

/** Lines as they are, without what would move a cursor. */
export function bundleText(sections: readonly Section[]): string {
  const shown = sections.map(
    ({ title, text }) => `== ${title} ==\n${text.replaceAll(EVERY_CONTROL, '\uFFFD')}\n`,
  );
  return shown.join('\n');
}
