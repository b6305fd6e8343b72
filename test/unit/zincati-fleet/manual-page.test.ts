import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

import { COMMANDS } from '../../../fleet/commands.ts';
import { manualPage } from '../../../fleet/manual-page.ts';

it('mandoc has nothing to say, and shows each command and each of its options', () => {
  const page = manualPage(COMMANDS);
  // It fails for a warning.
  execFileSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: page, timeout: 20_000 });
  const shown = execFileSync('mandoc', ['-T', 'utf8'], { input: page, encoding: 'utf8', timeout: 20_000 })
    // Bold and underlined letters are written twice.
    .replaceAll(/.\u0008/gu, '');
  for (const { name, options } of COMMANDS) {
    expect(shown).toContain(`zincati-fleet ${name}`);
    for (const option of Object.keys(options)) {
      expect(shown, name).toContain(`--${option}`);
    }
  }
});

it('a text that begins with a dot is no command of mdoc', () => {
  const run = (): Promise<number> => Promise.resolve(0);
  const page = manualPage([
    {
      name: 'look',
      words: ['FILE', '[OTHER]'],
      summary: 'looks',
      options: { in: { value: '.N', doc: '.Sh' } },
      run,
    },
  ]);
  expect(page).toContain('.Ss look\n.Nm\n.Ic look\n.Ar FILE\n.Op Ar OTHER\n.Op Ar options\n.Pp\nLooks.\n');
  expect(page).toContain('.It Fl -in Ar \\&.N\n\\&.Sh.\n');
});
