/** Waiting for what the configuration needs: when, how often, and what is not worth waiting for. */
import { describe, expect, it } from 'vitest';
import { ConfigurationWait, mayCome } from '../../../src/daemon/await-configuration.ts';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { nodeUuid } from '../../../src/identity/node-uuid.ts';
import { platform } from '../../../src/identity/platform.ts';
import { ConfigError, IdentityError, reasonOf } from '../../../src/errors.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import { requireRoot } from '../../../src/daemon/configuration.ts';
import { accessRemedy } from '../../../src/files/access-remedy.ts';
import { lockFolder } from '../../../src/history/folder-lock.ts';
import { FileRecordStore } from '../../../src/history/record-store.ts';
import { HostTree } from '../../support/host-tree.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DROP_IN = '/etc/zincati/config.d/50-x.toml';
const BASE = 'cincinnati.base_url = "https://updates.example.com"\n';
const GROUP = 'identity.group = "workers-${AFTERBURN_AWS_REGION}"\n';

const missing = (text: string) => new ConfigError('config_invalid', text, { mayCome: true });

function setUp(read: (attempt: number) => Promise<string>) {
  const clock = new VirtualClock();
  const life = new AbortController();
  const told: string[] = [];
  const attempts: number[] = [];
  const files = { state: 'missing' };
  const wait = new ConfigurationWait<string>({
    isAwaited: mayCome,
    read: () => {
      attempts.push(clock.monotonic());
      return read(attempts.length);
    },
    look: () => Promise.resolve(files.state),
    onWaiting: (error) => told.push(error.message),
    clock,
    signal: life.signal,
  });
  return { clock, life, told, attempts, files, wait };
}

describe('field 17: the wait', () => {
  it('reads again after growing pauses of at most a minute, and tells a reason once', async () => {
    const run = setUp(async (attempt) => {
      throw missing(attempt < 4 ? 'no file' : 'no name in the file');
    });
    const over = run.wait.reading(missing('no file'));
    await run.clock.advance(HOUR);
    expect(run.attempts.slice(0, 6)).toEqual([2, 6, 14, 30, 62, 122].map((s) => s * 1000));
    expect(run.attempts.at(-1)! - run.attempts.at(-2)!).toBe(MINUTE);
    expect(run.told).toEqual(['no file', 'no name in the file']);
    run.life.abort();
    expect(await over).toBeUndefined();
    expect(run.clock.sleepers).toBe(0);
  });

  it('reads within a second once a file has changed, and resolves with what it reads', async () => {
    const run = setUp(async () => {
      if (run.files.state === 'missing') {
        throw missing('no file');
      }
      return 'read';
    });
    const over = run.wait.reading(missing('no file'));
    await run.clock.advance(HOUR);
    const before = run.clock.monotonic();
    run.files.state = 'there';
    await run.clock.advance(1000);
    expect(await over).toBe('read');
    expect(run.attempts.at(-1)! - before).toBeLessThanOrEqual(1000);
  });

  it('reads within a second when it is told to', async () => {
    const run = setUp(async () => {
      throw missing('no file');
    });
    const over = run.wait.reading(missing('no file'));
    await run.clock.advance(HOUR);
    const attempts = run.attempts.length;
    const since = run.attempts.at(-1);
    run.wait.ring();
    await run.clock.advance(1000);
    expect(run.attempts).toHaveLength(attempts + 1);
    expect(run.attempts.at(-1)! - since!).toBeLessThan(MINUTE);
    run.life.abort();
    await over;
  });

  it('ends with an error that a person must mend', async () => {
    const mend = new ConfigError('config_invalid', 'x must be y');
    const run = setUp(async () => {
      throw mend;
    });
    const over = expect(run.wait.reading(missing('no file'))).rejects.toBe(mend);
    await run.clock.advance(MINUTE);
    await over;
  });
});

async function failure(reading: Promise<unknown>): Promise<unknown> {
  return reading.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('field 17: what may come by itself', () => {
  it.each([
    ['no file of attributes yet', { [DROP_IN]: BASE + GROUP }, true],
    [
      'no file of attributes yet, and a value that is wrong',
      { [DROP_IN]: `${BASE}${GROUP}updates.enabled = "yes"\n` },
      false,
    ],
    [
      'B27: a file of attributes that is still empty',
      { [DROP_IN]: BASE + GROUP, '/run/metadata/afterburn': '' },
      true,
    ],
    [
      'attributes of another cloud',
      { [DROP_IN]: BASE + GROUP, '/run/metadata/afterburn': 'AFTERBURN_GCP_HOSTNAME=h\n' },
      false,
    ],
    [
      'field 16: an attribute whose value is an attribute',
      {
        [DROP_IN]: BASE + GROUP,
        '/run/metadata/afterburn': 'AFTERBURN_AWS_REGION=${AFTERBURN_AWS_ZONE}\nAFTERBURN_AWS_ZONE=a\n',
      },
      false,
    ],
    ['a drop-in that is no TOML', { [DROP_IN]: 'a = ' }, false],
    ['no address of an update server', { [DROP_IN]: '' }, false],
  ])('%s', async (_what, files, expected) => {
    await using host = await HostTree.create(files);
    const error = await failure(loadSettings(host.root));
    expect(error).toBeInstanceOf(ConfigError);
    expect(mayCome(error)).toBe(expected);
  });

  it('a directory that the system does not let be read', async () => {
    await using host = await HostTree.create({ [DROP_IN]: BASE });
    const name = 'a'.repeat(300);
    // A path that is too long is refused by the system for everybody, root included.
    const error = await failure(loadSettings(`${host.root}/${name}`));
    expect(error).toBeInstanceOf(ConfigError);
    expect(mayCome(error)).toBe(true);
  });

  it.each([
    ['that systemd has not written yet', 'uninitialized\n', true],
    ['that is none', 'mine\n', false],
  ])('a machine id %s', async (_what, text, expected) => {
    await using host = await HostTree.create({ '/etc/machine-id': text });
    const error = await failure(nodeUuid(host.root));
    expect(error).toBeInstanceOf(IdentityError);
    expect(mayCome(error)).toBe(expected);
  });

  it('a kernel command line without a platform does not change until somebody sets the key', async () => {
    await using host = await HostTree.create({ '/proc/cmdline': 'quiet\n' });
    expect(mayCome(await failure(platform(host.root)))).toBe(false);
  });

  it('a fault of the program is none', () => {
    expect(mayCome(new Error('x'))).toBe(false);
  });
});

it('field 16: names file, key and attribute of a value that is itself an attribute', async () => {
  await using host = await HostTree.create({
    [DROP_IN]: BASE + GROUP,
    '/run/metadata/afterburn': 'AFTERBURN_AWS_REGION=${AFTERBURN_AWS_ZONE}\n',
  });
  expect(String(await failure(loadSettings(host.root)))).toContain(
    `${host.at(DROP_IN)}: identity.group must be made from attributes whose values name no attribute themselves, got "\${AFTERBURN_AWS_ZONE}" for AFTERBURN_AWS_REGION in /run/metadata/afterburn`,
  );
});

describe('attack e: a refusal', () => {
  it('of the system comes with what to do about it', () => {
    const refused = Object.assign(new Error('x'), { code: 'EACCES' });
    expect(accessRemedy(refused)).toBe('; let user zincati read it, and enter the folders above it');
    expect(accessRemedy(Object.assign(new Error('x'), { code: 'EIO' }))).toBe('');
  });

  it.each(['/no/such/root', '/etc/hostname/x'])('of --root %s is not waited for', async (root) => {
    const error: unknown = await requireRoot(root).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect(mayCome(error)).toBe(false);
    expect(String(error)).toContain(`cannot use --root ${root}: it must be a directory, got `);
  });

  it('of --root that is a file is not waited for', async () => {
    await using host = await HostTree.create({ '/file': '' });
    await expect(requireRoot(host.at('/file'))).rejects.toThrow('it must be a directory, got something else');
    await expect(requireRoot(host.root)).resolves.toBeUndefined();
  });
});

describe('attack j: an error of the system', () => {
  it.each([
    ["EACCES: permission denied, open '/var/lib/zincati/state.json'", 'permission denied (EACCES)'],
    ['ENOSPC: no space left on device, write', 'no space left on device (ENOSPC)'],
    [
      "EXDEV: cross-device link not permitted, rename '/a' -> '/b'",
      'cross-device link not permitted (EXDEV)',
    ],
    ['it must be a regular file', 'it must be a regular file'],
  ])('is told in plain words: %s', (message, words) => {
    expect(reasonOf(new Error(message))).toBe(words);
  });

  it('is told so of the state folder', async () => {
    await using host = await HostTree.create({ '/var/lib': 'a file' });
    const lock = await lockFolder(host.root);
    expect(lock).toEqual({ kind: 'none', why: 'not a directory (ENOTDIR)' });
    await expect(new FileRecordStore(host.root).save(EMPTY_RECORD)).rejects.toThrow(
      /^cannot write .*state\.json: not a directory \(ENOTDIR\)$/,
    );
  });
});
