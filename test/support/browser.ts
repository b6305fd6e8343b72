/** A real browser without a window, asked over its own protocol: what a page shows, and what it loads. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

const LIMIT_MS = 90_000;

export interface Shown {
  /** Of each element that was asked for, in pixels. */
  readonly boxes: readonly { readonly width: number; readonly height: number }[];
  /** Addresses of everything that was loaded, the page itself first. */
  readonly loaded: readonly string[];
  /** What the browser complained about. */
  readonly complaints: readonly string[];
  readonly title: string;
  /** Of `Look.evaluate`, as JSON. */
  readonly value: unknown;
}

/** How a reader looks at it. */
export interface Look {
  /** Of the window, in pixels. */
  readonly width?: number;
  readonly isDark?: boolean;
  /** JavaScript of the test, not of the page. */
  readonly evaluate?: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** Opens `url` and measures all elements of `selector`. Rejects when the browser takes too long. */
export async function show(url: string, selector: string, how: Look = {}): Promise<Shown> {
  const profile = await mkdtemp(path.join(tmpdir(), 'browser-'));
  const browser = spawn(
    'chromium',
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...['--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'],
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => browser.once('close', () => resolve()));
  const limit = setTimeout(() => browser.kill('SIGKILL'), LIMIT_MS);
  try {
    return await look(new Protocol(browser), url, selector, how);
  } finally {
    clearTimeout(limit);
    browser.kill('SIGKILL');
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function look(
  protocol: Protocol,
  url: string,
  selector: string,
  { width, isDark = false, evaluate = '0' }: Look,
): Promise<Shown> {
  const { targetInfos } = (await protocol.ask('Target.getTargets')) as {
    targetInfos: { targetId: string; type: string }[];
  };
  const targetId = targetInfos.find(({ type }) => type === 'page')?.targetId;
  const attached = await protocol.ask('Target.attachToTarget', { targetId, flatten: true });
  protocol.session = String(attached['sessionId']);
  for (const domain of ['Page', 'Network', 'Log', 'DOM']) {
    await protocol.ask(`${domain}.enable`);
  }
  if (width !== undefined) {
    const metrics = { width, height: 800, deviceScaleFactor: 1, mobile: false };
    await protocol.ask('Emulation.setDeviceMetricsOverride', metrics);
  }
  const features = [{ name: 'prefers-color-scheme', value: isDark ? 'dark' : 'light' }];
  await protocol.ask('Emulation.setEmulatedMedia', { features });
  const isLoaded = protocol.event('Page.loadEventFired');
  await protocol.ask('Page.navigate', { url });
  await isLoaded;
  const { root } = (await protocol.ask('DOM.getDocument')) as { root: { nodeId: number } };
  const { nodeIds } = (await protocol.ask('DOM.querySelectorAll', { nodeId: root.nodeId, selector })) as {
    nodeIds: number[];
  };
  const boxes: { width: number; height: number }[] = [];
  for (const nodeId of nodeIds) {
    const { model } = (await protocol.ask('DOM.getBoxModel', { nodeId })) as {
      model: { width: number; height: number };
    };
    boxes.push({ width: model.width, height: model.height });
  }
  const { result } = (await protocol.ask('Runtime.evaluate', {
    expression: evaluate,
    returnByValue: true,
  })) as { result: { value: unknown } };
  const { targetInfos: after } = (await protocol.ask('Target.getTargets')) as {
    targetInfos: { targetId: string; title: string }[];
  };
  return {
    boxes,
    value: result.value,
    title: after.find((target) => target.targetId === targetId)?.title ?? '',
    loaded: protocol.told('Network.requestWillBeSent', ({ request }) => (request as { url: string }).url),
    complaints: protocol.told('Log.entryAdded', ({ entry }) => (entry as { text: string }).text),
  };
}

/** Messages end with a byte of zero. */
class Protocol {
  session: string | undefined;
  readonly #in: Writable;
  readonly #events: { readonly method: string; readonly params: Record<string, unknown> }[] = [];
  readonly #asked = new Map<number, (message: Message) => void>();
  readonly #awaited = new Map<string, () => void>();
  readonly #gone: Promise<never>;
  #last = 0;

  constructor(browser: ChildProcess) {
    this.#in = browser.stdio[3] as Writable;
    this.#gone = new Promise((_, reject) => {
      browser.once('error', reject);
      browser.once('close', () => reject(new Error('the browser has ended')));
    });
    this.#gone.catch(() => undefined);
    let rest = '';
    (browser.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        this.#hear(JSON.parse(part) as Message);
      }
    });
  }

  async ask(method: string, params: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<Message>((resolve) => this.#asked.set(id, resolve));
    const session = this.session === undefined ? {} : { sessionId: this.session };
    this.#in.write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    const { result, error } = await Promise.race([answer, this.#gone]);
    if (error !== undefined) {
      throw new Error(`${method}: ${error.message}`);
    }
    return result ?? {};
  }

  event(method: string): Promise<void> {
    return Promise.race([new Promise<void>((resolve) => this.#awaited.set(method, resolve)), this.#gone]);
  }

  told<T>(method: string, pick: (params: Record<string, unknown>) => T): readonly T[] {
    return this.#events.filter((event) => event.method === method).map(({ params }) => pick(params));
  }

  #hear(message: Message): void {
    if (message.id !== undefined) {
      this.#asked.get(message.id)?.(message);
    } else if (message.method !== undefined) {
      this.#events.push({ method: message.method, params: message.params ?? {} });
      this.#awaited.get(message.method)?.();
    }
  }
}
