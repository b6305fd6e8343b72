/** The lock server's page for people: who may see it, and what a real browser makes of it. */
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { show } from '../support/browser.ts';
import { LockdOnHost, run } from '../support/lockd-on-host.ts';
import { freePort } from '../support/loopback.ts';

const WORKERS = '[[group]]\nname = "workers"\nslots = 1\n';

let lockd: LockdOnHost;
let port: number;
beforeEach(async () => {
  lockd = await LockdOnHost.create();
  port = await freePort();
});
afterEach(() => lockd[Symbol.asyncDispose]());

async function serve(more = '', groups = WORKERS): Promise<void> {
  await lockd.configure(groups, `page.listen = "127.0.0.1:${port}"\n${more}`);
  await lockd.start();
}

async function get(headers: Record<string, string> = {}, path = '/') {
  const reply = await request(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
}
const basic = (name: string, password: string): string =>
  `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

describe('who may see it', () => {
  it('is nobody, if the configuration does not say where', async () => {
    await lockd.configure(WORKERS);
    await lockd.start();
    const reply = await request(`http://127.0.0.1:${lockd.port}/`);
    expect(reply.statusCode).toBe(404);
    await reply.body.dump();
  });

  it('is this host, by a name of its own; every answer has the headers of a page that runs nothing', async () => {
    await serve();
    const page = await get();
    expect(page.status).toBe(200);
    expect(page.text).toContain('<h2>workers</h2>');
    const elsewhere = await get({ host: 'rebound.example' });
    expect(elsewhere.status).toBe(403);
    expect(elsewhere.text).not.toContain('workers');
    for (const { headers } of [page, elsewhere, await get({}, '/other')]) {
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/^default-src 'none'; /) as unknown,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
      });
    }
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  });

  it('is whoever has its token, which opens nothing else; SIGHUP takes another one', async () => {
    const token = async (): Promise<string[]> => (await run('lockd', 'token')).stdout.split('\n');
    const [[mine = '', hash = ''], [next = '', nextHash = '']] = [await token(), await token()];
    await serve(`page.token_hashes = ["${hash}"]`);
    const closed = await get();
    expect(closed.status).toBe(401);
    expect(closed.headers['www-authenticate']).toBe('Basic realm="Reboot slots", charset="UTF-8"');
    const statuses = async (...values: string[]): Promise<number[]> =>
      Promise.all(values.map(async (authorization) => (await get({ authorization })).status));
    expect(await statuses(basic('ann', mine), `Bearer ${mine}`, basic(mine, ''), basic('ann', next))).toEqual(
      [200, 200, 401, 401],
    );
    expect(await statuses('Basic ???', basic('', ''), 'Basic')).toEqual([401, 401, 401]);
    await lockd.configure(WORKERS, `page.listen = "127.0.0.1:${port}"\npage.token_hashes = ["${nextHash}"]`);
    lockd.signal('SIGHUP');
    await lockd.line('configuration read again');
    expect(await statuses(basic('ann', mine), basic('ann', next))).toEqual([401, 200]);
    expect(lockd.output).not.toContain(mine);
  });

  it('is refused by the configuration where anybody could', async () => {
    await lockd.configure(WORKERS, `page.listen = "192.0.2.1:${port}"`);
    const { code, stderr } = await run('lockd', 'check', lockd.at('lockd.toml'));
    expect(code).toBe(78);
    expect(stderr).toContain(
      `lockd.toml: page.listen must be an address of the loopback, such as "127.0.0.1:9092", where page.token_hashes is not given, got "192.0.2.1:${port}"`,
    );
  });
});

describe('in a browser', () => {
  /** What the browser has worked out of the page. */
  const SEEN = `({
    text: document.body.innerText,
    tooWide: document.documentElement.scrollWidth > innerWidth,
    back: getComputedStyle(document.documentElement).backgroundColor,
    ink: getComputedStyle(document.body).color,
    border: getComputedStyle(document.querySelector('.alarm')).borderLeftStyle,
  })`;
  interface Seen {
    readonly text: string;
    readonly tooWide: boolean;
    readonly back: string;
    readonly ink: string;
    readonly border: string;
  }

  it('is read in light and dark, on wide and narrow screens, and loads nothing', async () => {
    const hostile = '<img src=x onerror=alert(1)>';
    await serve('', `${WORKERS}max_hold_secs = 3600\n[[group]]\nname = "databases"\nslots = 1\n`);
    await lockd.ask('pre-reboot', hostile);
    await lockd.ask('pre-reboot', `${'long-name-'.repeat(20)}end`);
    await run('locks', 'pause', 'workers', '--reason', '<script>x</script>', ...lockd.socket);

    const url = `http://127.0.0.1:${port}/`;
    const wide = await show(url, 'table', { evaluate: SEEN });
    expect(wide.title).toBe('Reboot slots');
    expect(wide.loaded).toEqual([url]);
    expect(wide.complaints).toEqual([]);
    // Holders of one group, histories of both.
    expect(wide.boxes).toHaveLength(3);
    const light = wide.value as Seen;
    expect(light.text).toContain(hostile);
    expect(light.text).toContain('<script>x</script>');
    expect(light.text).toMatch(/Paused\. The group is paused by /);
    expect(light.text).toMatch(/Who waits at this server/);
    expect(light.border).toBe('solid');
    expect(light.ink).toBe('rgb(0, 0, 0)');

    const narrow = await show(url, 'td[data-label]', { width: 320, isDark: true, evaluate: SEEN });
    const dark = narrow.value as Seen;
    expect([light.tooWide, dark.tooWide]).toEqual([false, false]);
    expect(dark.ink).toBe('rgb(255, 255, 255)');
    expect(Math.max(...narrow.boxes.map(({ width }) => width))).toBeLessThanOrEqual(320);
    expect(narrow.complaints).toEqual([]);
  });
});
