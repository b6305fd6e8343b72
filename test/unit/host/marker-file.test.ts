import { execFileSync } from 'node:child_process';
import { chmod, link } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

import { MAX_MARKER_BYTES, judgeMarker } from '../../../src/strategies/marker.ts';
import { readMarkerFile } from '../../../src/host/marker-file.ts';
import { HostTree } from '../../support/host-tree.ts';
import { question } from '../../support/question.ts';

const PATH = '/etc/zincati/allow-reboot';
const OWN_UID = process.getuid?.() ?? 0;
const RULES = { path: PATH, ownerUid: OWN_UID };

describe('the permission file on disk', () => {
  it('is what it is and what it says', async () => {
    await using host = await HostTree.create({ [PATH]: 'not_after = 2030-01-01T00:00:00Z\n' });
    await chmod(host.at(PATH), 0o640);
    const reading = await readMarkerFile(host.root, PATH);
    expect(reading).toMatchObject({ kind: 'file', uid: OWN_UID, mode: 0o640, links: 1 });
    expect(judgeMarker(reading, question(), RULES).verdict).toBe('pass');
    expect(judgeMarker(reading, question(), { ...RULES, ownerUid: OWN_UID + 1 }).verdict).toBe('block');
  });

  it('with mode 0666 is refused, and so is one with a second name', async () => {
    await using host = await HostTree.create({ [PATH]: '' });
    await chmod(host.at(PATH), 0o666);
    expect(judgeMarker(await readMarkerFile(host.root, PATH), question(), RULES).reason).toContain('0666');
    await chmod(host.at(PATH), 0o600);
    await link(host.at(PATH), host.at('/etc/other'));
    expect(judgeMarker(await readMarkerFile(host.root, PATH), question(), RULES).reason).toContain(
      '2 hard links',
    );
  });

  it('is not there', async () => {
    await using host = await HostTree.create({ '/etc/zincati': '' });
    expect(await readMarkerFile(host.root, '/nowhere/x')).toEqual({ kind: 'missing' });
    expect(await readMarkerFile(host.root, PATH)).toEqual({ kind: 'missing' });
  });

  it('is never followed when it is a link, wherever that leads', async () => {
    await using host = await HostTree.create({ '/etc/good': '' });
    await host.link(PATH, 'good');
    await host.link('/etc/loop', 'loop');
    expect(await readMarkerFile(host.root, PATH)).toEqual({ kind: 'symbolic-link' });
    expect(await readMarkerFile(host.root, '/etc/loop')).toEqual({ kind: 'symbolic-link' });
  });

  it('is no directory, and a FIFO that nobody writes to holds nothing up', async () => {
    await using host = await HostTree.create();
    await host.directory(PATH);
    execFileSync('mkfifo', [host.at('/fifo')]);
    expect(await readMarkerFile(host.root, PATH)).toEqual({ kind: 'special' });
    expect(await readMarkerFile(host.root, '/fifo')).toEqual({ kind: 'special' });
  });

  it('is read no further than the limit', async () => {
    await using host = await HostTree.create({ [PATH]: '#'.repeat(1_000_000) });
    const reading = await readMarkerFile(host.root, PATH);
    expect(reading.kind === 'file' && reading.bytes.length).toBe(MAX_MARKER_BYTES + 1);
  });
});
