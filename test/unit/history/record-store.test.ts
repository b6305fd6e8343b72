import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { abandon, EMPTY_RECORD, rebootAsked } from '../../../src/agent/record.ts';
import { toText } from '../../../src/agent/record-text.ts';
import { SmallFileError } from '../../../src/files/read-small-file.ts';
import { FileRecordStore, isForNow } from '../../../src/history/record-store.ts';
import { RECORD_JSON } from '../../../src/text/bounded-json.ts';
import { release } from '../../support/samples.ts';

const RECORD = rebootAsked(abandon(EMPTY_RECORD, release('2'), 5), release('3'), 6, 'boot');
let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'record-'));
  folder = join(root, 'var/lib/zincati');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('FileRecordStore', () => {
  it('starts empty and without a word where nothing is', async () => {
    expect(await new FileRecordStore(root).load()).toEqual({ record: EMPTY_RECORD, warning: undefined });
  });

  it('comes back as it was saved, readable by its owner alone, with nothing beside it', async () => {
    const store = new FileRecordStore(root);
    await store.save(RECORD);
    expect((await new FileRecordStore(root).load()).record).toEqual(RECORD);
    expect(statSync(store.file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('is not harmed by a half-written file of a save that was killed', async () => {
    const store = new FileRecordStore(root);
    await store.save(RECORD);
    for (const name of readdirSync(folder)) {
      if (name !== 'state.json') {
        rmSync(join(folder, name));
      }
    }
    writeFileSync(join(folder, 'state.json.new'), '{"format":1,"den');
    expect((await store.load()).record).toEqual(RECORD);
    await store.save(EMPTY_RECORD);
    expect((await store.load()).record).toEqual(EMPTY_RECORD);
  });

  it('puts a file aside that is no record, says so, and goes on', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'state.json'), '\u0000\u0000\u0000');
    const store = new FileRecordStore(root);
    const { record, warning } = await store.load();
    expect(record).toEqual(EMPTY_RECORD);
    expect(warning).toContain(
      `cannot use ${store.file}: it is not a record that this program wrote; it was put aside as`,
    );
    expect(readFileSync(join(folder, 'state.json.bad-1'), 'utf8')).toBe('\u0000\u0000\u0000');
    await store.save(RECORD);
    expect((await store.load()).record).toEqual(RECORD);
  });

  it('B8: refuses to save after the second file that went bad, so that no reboot follows, until somebody looks', async () => {
    for (let time = 1; time <= 2; time++) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'state.json'), 'broken');
      await new FileRecordStore(root).load();
    }
    const store = new FileRecordStore(root);
    expect((await store.load()).warning).toBe(
      `cannot rely on ${folder}: 2 state files went bad there (state.json.bad-1, state.json.bad-2); remove them once the cause is mended`,
    );
    await expect(store.save(RECORD)).rejects.toMatchObject({ kind: 'record_unwritable' });
    rmSync(join(folder, 'state.json.bad-1'));
    const mended = new FileRecordStore(root);
    await mended.load();
    await expect(mended.save(RECORD)).resolves.toBeUndefined();
  });

  it('names the entries that it leaves out, and keeps the rest', async () => {
    mkdirSync(folder, { recursive: true });
    const store = new FileRecordStore(root);
    const text = JSON.stringify({ ...JSON.parse(toText(RECORD)), boots: [1, 2, 3, 4, 5, 6], staged: 'x' });
    writeFileSync(store.file, text);
    expect(await store.load()).toEqual({
      record: RECORD,
      warning: `${store.file}: left out what makes no sense (7 in all): boots[0], boots[1], boots[2], boots[3], boots[4] and 2 more; the rest is used`,
    });
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('puts the file of a newer version aside as it is, and does not count it as one that went bad', async () => {
    mkdirSync(folder, { recursive: true });
    for (let time = 1; time <= 3; time++) {
      const store = new FileRecordStore(root);
      writeFileSync(store.file, `{"format":2,"time":${time}}`);
      expect(await store.load()).toEqual({
        record: EMPTY_RECORD,
        warning: `cannot use ${store.file}: it was written by a newer version of this program (format 2, this one knows 1); it was put aside as ${store.file}.newer-${time}; starting without a record`,
      });
      expect(readFileSync(`${store.file}.newer-${time}`, 'utf8')).toBe(`{"format":2,"time":${time}}`);
      await expect(store.save(RECORD)).resolves.toBeUndefined();
    }
  });

  it('never writes over a file that was put aside, and keeps the five last', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'state.json.bad-7'), 'seven');
    for (let time = 8; time <= 13; time++) {
      writeFileSync(join(folder, 'state.json'), `broken ${time}`);
      await new FileRecordStore(root).load();
    }
    const kept = [9, 10, 11, 12, 13];
    expect(readdirSync(folder).sort()).toEqual(kept.map((time) => `state.json.bad-${time}`).sort());
    for (const time of kept) {
      expect(readFileSync(join(folder, `state.json.bad-${time}`), 'utf8')).toBe(`broken ${time}`);
    }
  });

  it('keeps files in the order of their numbers, and counts no other names', async () => {
    mkdirSync(folder, { recursive: true });
    const others = ['bad-01', 'bad-0', 'bad-x', 'bad-7x', 'bad-x7', 'bad-', `bad-${'1'.repeat(10)}`];
    const names = [
      'old-state.json.bad-99',
      'state.json.old-99',
      ...others.map((name) => `state.json.${name}`),
    ];
    for (const name of [...names, 'state.json.bad-9', 'state.json.bad-10']) {
      mkdirSync(join(folder, name, 'inside'), { recursive: true });
    }
    for (const time of [11, 12, 13, 14]) {
      writeFileSync(join(folder, 'state.json'), 'broken');
      const { warning } = await new FileRecordStore(root).load();
      expect(warning).toContain(`it was put aside as ${join(folder, 'state.json')}.bad-${time};`);
    }
    const kept = [10, 11, 12, 13, 14].map((time) => `state.json.bad-${time}`);
    expect(readdirSync(folder).sort()).toEqual([...names, ...kept].sort());
  });

  it('says why a file cannot be put aside, and starts without a record all the same', async () => {
    mkdirSync(join(folder, 'state.json.bad-1000000000/inside'), { recursive: true });
    writeFileSync(join(folder, 'state.json.bad-999999999'), '');
    writeFileSync(join(folder, 'state.json'), 'broken');
    const { record, warning } = await new FileRecordStore(root).load();
    expect(record).toEqual(EMPTY_RECORD);
    expect(warning).toMatch(/; it cannot be put aside: .* \(EISDIR\); starting without a record$/);
    expect(readFileSync(join(folder, 'state.json'), 'utf8')).toBe('broken');
  });

  it.each([
    ['as large as may be', 0, undefined],
    [
      'larger by one byte',
      1,
      `it must have at most ${RECORD_JSON.bytes} bytes, got ${RECORD_JSON.bytes + 1}; it was put aside`,
    ],
  ])('a file %s', async (_, more, expected) => {
    mkdirSync(folder, { recursive: true });
    const store = new FileRecordStore(root);
    writeFileSync(store.file, toText(RECORD).padEnd(RECORD_JSON.bytes + more));
    const { record, warning } = await store.load();
    if (expected === undefined) {
      expect({ record, warning }).toEqual({ record: RECORD, warning: undefined });
    } else {
      expect(warning).toContain(`cannot use ${store.file}: ${expected}`);
      expect(record).toEqual(EMPTY_RECORD);
    }
  });

  it.each([
    [5, 'boots[0], boots[1], boots[2], boots[3], boots[4]; the rest is used'],
    [6, 'boots[0], boots[1], boots[2], boots[3], boots[4] and 1 more; the rest is used'],
  ])('names at most five entries that it leaves out, of %i', async (count, named) => {
    mkdirSync(folder, { recursive: true });
    const store = new FileRecordStore(root);
    const boots = Array.from({ length: count }, (_, at) => at);
    writeFileSync(store.file, JSON.stringify({ ...JSON.parse(toText(RECORD)), boots }));
    expect((await store.load()).warning).toBe(
      `${store.file}: left out what makes no sense (${count} in all): ${named}`,
    );
  });

  it.each([
    ['a folder', (file: string) => mkdirSync(file, { recursive: true })],
    ['a FIFO', (file: string) => execFileSync('mkfifo', [file])],
    ['5 MB', (file: string) => writeFileSync(file, 'x'.repeat(5e6))],
  ])('does not hang or fail on %s in its place', async (_, make) => {
    mkdirSync(folder, { recursive: true });
    const store = new FileRecordStore(root);
    make(store.file);
    const { record, warning } = await store.load();
    expect(record).toEqual(EMPTY_RECORD);
    expect(warning).toContain('it was put aside');
    await expect(store.save(RECORD)).resolves.toBeUndefined();
  });

  it('names the file when it cannot be written', async () => {
    mkdirSync(join(root, 'var/lib'), { recursive: true });
    writeFileSync(folder, 'a file where the folder should be');
    const store = new FileRecordStore(root);
    await store.load();
    const saved = store.save(RECORD);
    await expect(saved).rejects.toThrow(`cannot write ${store.file}: `);
    await expect(saved).rejects.toMatchObject({ cause: { code: 'EEXIST' } });
    chmodSync(folder, 0o600);
  });
});

describe('F10: a state file that cannot be read for now', () => {
  function failing(code: string, times: number): ConstructorParameters<typeof FileRecordStore>[2] {
    let left = times;
    return {
      read: (file) => {
        left -= 1;
        return left < 0
          ? Promise.resolve(readFileSync(file, 'utf8'))
          : Promise.reject(Object.assign(new Error(`${code}: no luck`), { code }));
      },
      pause: () => Promise.resolve(),
    };
  }
  const CODES = ['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'EIO', 'ENOMEM', 'ENOSPC', 'ESTALE'];

  it.each(CODES)('%s: it stays as it is, is never written over, and holds reboots', async (code) => {
    await new FileRecordStore(root).save(RECORD);
    const store = new FileRecordStore(root, undefined, failing(code, 100));
    const before = readFileSync(store.file, 'utf8');
    const { record, warning } = await store.load();
    expect(record).toEqual(EMPTY_RECORD);
    expect(warning).toBe(
      `cannot read ${store.file}: ${code}: no luck; it is left as it is, and no reboot is asked for until it can be read and the agent is restarted`,
    );
    await expect(store.save(EMPTY_RECORD)).rejects.toThrow(`cannot read ${store.file}: ${code}`);
    expect(readdirSync(folder)).toEqual(['state.json']);
    expect(readFileSync(store.file, 'utf8')).toBe(before);
    expect((await new FileRecordStore(root).load()).record).toEqual(RECORD);
  });

  it('is read three times, a second apart, and any other once', async () => {
    async function readsOf(code: string): Promise<string[]> {
      const done: string[] = [];
      const { pause, read } = failing(code, 100)!;
      await new FileRecordStore(root, undefined, {
        read: (file) => {
          done.push('read');
          return read(file);
        },
        pause: (ms) => {
          done.push(`pause ${ms}`);
          return pause(ms);
        },
      }).load();
      return done;
    }
    expect(await readsOf('EIO')).toEqual(['read', 'pause 1000', 'read', 'pause 1000', 'read']);
    expect(await readsOf('ENOENT')).toEqual(['read']);
    expect(await readsOf('EISDIR')).toEqual(['read']);
  });

  it('is told by the error of the system, or by a read that hangs', () => {
    const withCode = (code: string) => Object.assign(new Error('x'), { code });
    const now = ['ENOSPC', 'EAGAIN', 'EBUSY', 'EINTR', 'ETIMEDOUT', ...CODES];
    expect(now.filter((code) => !isForNow(withCode(code)))).toEqual([]);
    const lasting = ['ENOENT', 'EISDIR', 'ELOOP', 'ENOTDIR'];
    expect(lasting.filter((code) => isForNow(withCode(code)))).toEqual([]);
    expect(isForNow(new Error('without a code'))).toBe(false);
    expect(isForNow(new SmallFileError('timed_out', 'x'))).toBe(true);
    expect(isForNow(new SmallFileError('not_regular', 'x'))).toBe(false);
  });

  it.each(CODES)('%s that is over in a moment does no harm', async (code) => {
    await new FileRecordStore(root).save(RECORD);
    const store = new FileRecordStore(root, undefined, failing(code, 2));
    expect(await store.load()).toEqual({ record: RECORD, warning: undefined });
    await expect(store.save(RECORD)).resolves.toBeUndefined();
  });
});

describe('field 13: a state file that outlived a reinstallation', () => {
  const HERE = { id: 'a'.repeat(32), firstBoot: false };
  const THERE = { id: 'b'.repeat(32), firstBoot: false };

  it('is moved aside whole, and said so; the node starts anew', async () => {
    await new FileRecordStore(root, THERE).save({ ...RECORD, installation: THERE.id });
    const store = new FileRecordStore(root, HERE);
    const before = readFileSync(store.file, 'utf8');
    expect(await store.load()).toEqual({
      record: { ...EMPTY_RECORD, installation: HERE.id },
      warning: `cannot use ${store.file}: another installation of this machine wrote it; it was put aside as ${store.file}.other-1; starting without a record`,
    });
    expect(readFileSync(`${store.file}.other-1`, 'utf8')).toBe(before);
    await expect(store.save(RECORD)).resolves.toBeUndefined();
  });

  it('F8: leaves the slots that the old installation may hold, since they are still taken', async () => {
    const slots = [{ lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'old', sinceAt: 1 }];
    await new FileRecordStore(root, THERE).save({ ...RECORD, slots, installation: THERE.id });
    const { record } = await new FileRecordStore(root, HERE).load();
    expect(record).toEqual({ ...EMPTY_RECORD, slots, installation: HERE.id });
  });

  it('is told by a first boot where it does not name its installation', async () => {
    await new FileRecordStore(root).save(RECORD);
    expect((await new FileRecordStore(root, { ...HERE, firstBoot: true }).load()).record.boots).toEqual([]);
  });

  it('is taken over by the same installation, and where the file or the machine does not say', async () => {
    await new FileRecordStore(root).save(RECORD);
    const upgraded = await new FileRecordStore(root, HERE).load();
    expect(upgraded).toEqual({ record: { ...RECORD, installation: HERE.id }, warning: undefined });
    await new FileRecordStore(root).save(upgraded.record);
    for (const installation of [HERE, { ...HERE, firstBoot: true }, { id: undefined, firstBoot: false }]) {
      expect((await new FileRecordStore(root, installation).load()).record).toEqual(upgraded.record);
    }
  });
});
