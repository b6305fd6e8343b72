import { describe, expect, it } from 'vitest';

import { rebootNotice } from '../../../src/host/notice.ts';
import { release } from '../../support/samples.ts';

const AT = Date.UTC(2026, 2, 1, 12);
const notice = (minutesLeft: number | undefined, version = '43.1'): string =>
  rebootNotice(release(version), minutesLeft, AT);

describe('the notice on terminals', () => {
  it("begins with Zincati's words and fits a terminal in raw mode", () => {
    const text = notice(10);
    expect(text).toContain('Broadcast message from Zincati at Sun 2026-03-01 12:00:00 UTC:\r\n');
    expect(text).toContain('New update 43.1 is available and has been deployed.\r\n');
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it.each([
    [10, 'when everybody has logged out, or in 10 minutes, if its update strategy allows it then.'],
    [1, 'when everybody has logged out, or in 1 minute, if its update strategy allows it then.'],
    [0, 'This machine is about to reboot into it.'],
    [undefined, 'This machine will reboot into it when everybody has logged out, not before.'],
  ])('B35: promises with %s minutes left what the agent does, no more', (minutes, words) => {
    expect(notice(minutes)).toContain(words);
  });

  it('B35: says that a reboot by hand does not apply the update, and what does', () => {
    for (const minutes of [10, 1, 0, undefined]) {
      expect(notice(minutes)).toContain('A reboot by hand before that does not apply the update.');
      expect(notice(minutes)).toContain('rpm-ostree finalize-deployment --allow-missing-checksum');
    }
  });

  it('lets no version write to the terminal as it likes', () => {
    expect(notice(1, 'x\u001b[2J\u0007')).not.toMatch(/[\u001b\u0007]/);
  });
});
