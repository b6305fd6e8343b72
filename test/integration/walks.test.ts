/** The demo, run as by a user: its walks, its failures on demand, its end. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROGRAM = join(import.meta.dirname, '../../dist/zincati.cjs');
const DEMO = join(import.meta.dirname, '../../sandbox/main.mjs');

interface Outcome {
  readonly code: number | null;
  readonly out: string;
}

/** Runs the demo, and interrupts it when its output has `signalAt`. What `before` returns is added to the output then. */
function demo(
  args: readonly string[],
  signalAt?: string,
  before: (out: string) => string = () => '',
): Promise<Outcome> {
  const child = spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let interrupted = false;
  const take = (chunk: Buffer): void => {
    out += chunk.toString();
    if (interrupted || signalAt === undefined || !out.includes(signalAt)) {
      return;
    }
    interrupted = true;
    out += before(out);
    child.kill('SIGINT');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });
}

function rootOf(out: string): string {
  return /below (\/tmp\/zincati-demo-\w+)/.exec(out)?.[1] ?? 'none';
}

describe('npm run demo', { timeout: 240_000 }, () => {
  it('walks twenty hops on stable and leaves nothing behind', async () => {
    const { code, out } = await demo(['--speed', '20']);
    expect(code).toBe(0);
    expect(out).toMatch(/^ 20  43\.20260413\.3\.2  44\.20260707\.3\.1 ( +\d+\.\d s){3} +0$/m);
    // Each hop is told once.
    expect(out.match(/43\.20260413\.3\.2  44\.20260707\.3\.1/g)).toHaveLength(1);
    expect(out).toContain('npm run demo -- --simulate');
    expect(out).toMatch(/20 hops in [\d.]+ s; booted: 44\.20260707\.3\.1/);
    expect(existsSync(rootOf(out))).toBe(false);
  });

  it('walks images from another tag: a rebase first, then digests', async () => {
    const { code, out } = await demo([
      '--oci',
      '--image',
      'ostree-image-signed:docker://quay.io/fedora/fedora-coreos:old',
      '--start',
      '43.20260217.3.1',
      '--speed',
      '20',
    ]);
    expect(code).toBe(0);
    expect(out).toContain('2 hops in');
  });

  it('reports the dead-end of testing and takes no update', async () => {
    const { code, out } = await demo(['--stream', 'testing', '--speed', '20']);
    expect(code).toBe(0);
    expect(out).toContain('is a dead-end: https://github.com/coreos/fedora-coreos-tracker/issues/215');
    expect(out).toContain('no update was taken');
  });

  it('arrives through failing deploys, a dying daemon and a server that says 503', async () => {
    const { code, out } = await demo([
      '--start',
      '43.20260413.3.2',
      '--fail',
      'deploy=1',
      '--fail',
      'daemon=1',
      '--fail',
      'server=1',
      '--speed',
      '20',
    ]);
    expect(code).toBe(0);
    expect(out).toContain('got status 503');
    expect(out).toContain('failed to stage deployment');
    expect(out).toContain('1 hops in');
    expect(out, 'demo-faults').toMatch(/^hop +from +to +staged +reboot +total +faults$/m);
    expect(out, 'demo-faults').toMatch(/^ +1 +43\.20260413\.3\.2 .* 3$/m);
  });

  it('demo-faults: counts for each node what the sandbox has put in', async () => {
    const { code, out } = await demo([
      ...['--nodes', '2', '--slots', '2', '--start', '43.20260413.3.2', '--speed', '20'],
      ...['--fail', 'deploy=2', '--fail', 'daemon=1'],
    ]);
    expect(code).toBe(0);
    expect(out).toMatch(/^node +booted +reboots +down +arrived +faults$/m);
    expect(out.match(/^node\d .* s +3$/gm)).toHaveLength(2);
  });

  it('lets a fleet take turns: never more nodes down than slots', async () => {
    const { code, out } = await demo(['--nodes', '3', '--slots', '1', '--speed', '20']);
    expect(code).toBe(0);
    expect(out).toContain('down at one instant: 1 of 3 at most (slots: 1); slots still held: 0');
    // One row a node over time: each waits with a staged update, and goes down.
    expect(out.match(/^node\d +44\.20260707\.3\.1  [.s#]*s[.s#]*#[.s#]*$/gm)).toHaveLength(3);
  });

  it('keeps a fleet, and what it says to try does work', async () => {
    const { code, out } = await demo(
      ['--nodes', '2', '--slots', '1', '--speed', '20', '--start', '43.20260413.3.2', '--keep'],
      'The other nodes:',
      (said) => {
        const [, bus = ''] = /export DBUS_SYSTEM_BUS_ADDRESS=(\S+)/.exec(said) ?? [];
        const [, root = ''] = /"\$@" --root (\S+);/.exec(said) ?? [];
        return ['status', 'why', 'history']
          .map((name) =>
            execFileSync(process.execPath, [PROGRAM, name, '--root', root], {
              encoding: 'utf8',
              env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: bus },
              timeout: 20_000,
            }),
          )
          .join('');
      },
    );
    expect(code).toBe(0);
    expect(out).toContain('booted    44.20260707.3.1');
    expect(out).toContain('Nothing to reboot into');
    expect(out).toContain("updated from '43.20260413.3.2' to '44.20260707.3.1'");
    expect(existsSync(rootOf(out))).toBe(false);
  });

  it('has a second act: a month of a fleet that does not exist', async () => {
    const { code, out } = await demo(['--simulate']);
    expect(code).toBe(0);
    expect(out).toContain('10000 nodes from ');
    expect(out).toContain('Nodes that never updated, and what holds them:');
  });

  it('ends on Ctrl-C with nothing left', async () => {
    const { code, out } = await demo([], '\n  1  31.');
    expect(code).toBe(130);
    expect(out).toContain('interrupted');
    expect(existsSync(rootOf(out))).toBe(false);
  });

  it.each([
    [['--speed', 'fast'], '--speed must be a number above 0'],
    [['--start', '0'], '--start must be a release of the history'],
    [['--simulate', '--nodes', '2'], '--simulate must be the only option'],
    [['--what'], 'unknown option "--what"'],
  ])('refuses %j with exit code 2', async (args, why) => {
    const { code, out } = await demo(args);
    expect(code).toBe(2);
    expect(out).toContain(why);
  });
});
