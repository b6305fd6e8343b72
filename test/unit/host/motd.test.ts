import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deadendNotice, Motd, MOTD_FILES, MOTD_FOLDER, MOTD_LINKS } from '../../../src/host/motd.ts';

let root = '';
let warnings: string[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'motd-'));
  mkdirSync(join(root, MOTD_LINKS), { recursive: true });
  warnings = [];
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function motd(): Motd {
  return new Motd(root, (text) => warnings.push(text));
}

const deadend = (): string => join(root, MOTD_FOLDER, MOTD_FILES.deadend);

describe('Motd', () => {
  it('shows Zincati’s sentence to everybody, and takes it away again', async () => {
    const notices = motd();
    notices.show('deadend', deadendNotice('https://example.com/1\u001b[31m'));
    await notices.close();
    expect(readFileSync(deadend(), 'utf8')).toBe(
      'This release is a dead-end and will not further auto-update: https://example.com/1\uFFFD[31m\n',
    );
    expect(statSync(deadend()).mode & 0o777).toBe(0o644);
    notices.show('deadend', undefined);
    await notices.close();
    expect(existsSync(deadend())).toBe(false);
  });

  it('takes away what an agent before it left, at the first word about it', async () => {
    mkdirSync(join(root, MOTD_FOLDER));
    writeFileSync(deadend(), 'old\n');
    const notices = motd();
    notices.show('deadend', undefined);
    await notices.close();
    expect(existsSync(deadend())).toBe(false);
  });

  it('B31: a notice that could not be written is told once and tried again', async () => {
    writeFileSync(join(root, MOTD_FOLDER), 'in the way');
    const notices = motd();
    notices.show('deadend', 'a');
    notices.show('deadend', 'a');
    await notices.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`cannot write the login notice ${deadend()}`);
    rmSync(join(root, MOTD_FOLDER));
    notices.retry();
    await notices.close();
    expect(readFileSync(deadend(), 'utf8')).toBe('a\n');
    expect(warnings).toHaveLength(1);
  });
});
