/** What the lender makes of each kind of answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { SlotAnswer, SlotRequest } from '../../../src/agent/ports.ts';
import {
  FLEET_LOCK_ERROR_KINDS,
  FleetLockError,
  HTTP_ERROR_KINDS,
  HttpError,
  IdentityError,
} from '../../../src/errors.ts';
import { FleetLock, type FleetLockOptions } from '../../../src/lenders/fleet-lock.ts';
import type { HttpReply, HttpRequest } from '../../../src/http/http-client.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NEVER = new AbortController().signal;
const NODE = {
  basearch: 'x86_64',
  stream: undefined,
  platform: 'qemu',
  group: 'workers',
  nodeUuid: 'c0ffee',
};

function request(at = 0, stream: string | undefined = 'stable'): SlotRequest {
  return { at, stream };
}

function reasonOf(answer: SlotAnswer): string {
  if (answer.kind === 'granted') {
    throw new Error('expected a refusal');
  }
  return answer.reason;
}

function reply(status: number, body = '', headers: Record<string, string> = {}): HttpReply {
  return {
    status,
    headers: new Map(Object.entries(headers)),
    body: Buffer.from(body),
    notModified: status === 304,
  };
}

function document(kind: unknown, value: unknown): string {
  return JSON.stringify({ kind, value });
}

interface Rig {
  readonly lender: FleetLock;
  readonly asked: HttpRequest[];
  readonly heard: string[];
  readonly clock: VirtualClock;
}

/** Gives the answers in turn, and repeats the last one forever. */
function rig(answers: readonly (HttpReply | HttpError)[], changes: Partial<FleetLockOptions> = {}): Rig {
  const asked: HttpRequest[] = [];
  const heard: string[] = [];
  const clock = new VirtualClock();
  const lender = new FleetLock({
    baseUrl: 'https://lock.example.com/base',
    node: NODE,
    http: {
      request: async (request) => {
        const answer = answers[Math.min(asked.length, answers.length - 1)]!;
        asked.push(request);
        if (answer instanceof HttpError) {
          throw answer;
        }
        return answer;
      },
    },
    limits: { totalMs: 60_000 },
    bearer: undefined,
    clock,
    observer: {
      requested: (api) => heard.push(`requested ${api}`),
      failed: (api, kind) => heard.push(`failed ${api} ${kind}`),
      returned: (heldMs) => heard.push(`returned after ${heldMs}`),
    },
    ...changes,
  });
  return { lender, asked, heard, clock };
}

async function failure(promise: Promise<unknown>): Promise<FleetLockError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FleetLockError)) {
    throw new Error(`expected a FleetLockError, got ${String(error)}`);
  }
  return error;
}

describe('a question', () => {
  it('B34: says what it is, in both directions', async () => {
    const { lender, asked } = rig([reply(200)]);
    await lender.acquire(request(), NEVER);
    await lender.release(request(), NEVER);
    expect(asked.map(({ method, url }) => `${method} ${url.href}`)).toEqual([
      'POST https://lock.example.com/base/v1/pre-reboot',
      'POST https://lock.example.com/base/v1/steady-state',
    ]);
    for (const { headers, body, limits } of asked) {
      expect(headers).toEqual({
        'fleet-lock-protocol': 'true',
        'content-type': 'application/json',
        accept: 'application/json',
      });
      expect(JSON.parse(body ?? '')).toEqual({ client_params: { id: 'c0ffee', group: 'workers' } });
      expect(limits).toEqual({ totalMs: 60_000 });
    }
  });

  it('carries the token as it is at that moment', async () => {
    let token = 'first';
    const { lender, asked } = rig([reply(200)], { bearer: async () => token });
    await lender.acquire(request(), NEVER);
    token = 'second';
    await lender.acquire(request(), NEVER);
    expect(asked.map(({ headers }) => headers?.['authorization'])).toEqual(['Bearer first', 'Bearer second']);
  });

  it('is not asked when the address does not make one', async () => {
    const { lender, asked, heard } = rig([reply(200)], { baseUrl: 'https://h/${nonsense}' });
    const error = await failure(lender.acquire(request(), NEVER));
    expect(error.kind).toBe('fleet_lock_misconfigured');
    expect(error.message).toBe(
      'cannot take a reboot slot: updates.fleet_lock.base_url must have no other templates than ${basearch}, ${group}, ${platform}, ${stream}, got ${nonsense}',
    );
    expect(asked).toEqual([]);
    expect(heard).toEqual(['requested pre-reboot', 'failed pre-reboot client_failed_build']);
  });
});

describe('an address that names the stream', () => {
  const baseUrl = 'https://h/${stream}/${group}';

  it('has that of the request, or the configured one', async () => {
    const { lender, asked } = rig([reply(200)], { baseUrl });
    await lender.acquire(request(0, 'testing'), NEVER);
    const configured = rig([reply(200)], { baseUrl, node: { ...NODE, stream: 'next' } });
    await configured.lender.acquire(request(0, 'testing'), NEVER);
    expect([...asked, ...configured.asked].map(({ url }) => url.href)).toEqual([
      'https://h/testing/workers/v1/pre-reboot',
      'https://h/next/workers/v1/pre-reboot',
    ]);
  });

  it('gets the slot back where it was taken, whatever is configured since', async () => {
    const { lender, asked } = rig([reply(200)], { baseUrl });
    await lender.acquire(request(0, 'testing'), NEVER);
    await lender.release(request(0, 'next'), NEVER);
    await lender.release(request(0, undefined), NEVER);
    expect(asked.slice(1).map(({ url }) => url.href)).toEqual([
      'https://h/testing/workers/v1/steady-state',
      'https://h/testing/workers/v1/steady-state',
    ]);
  });

  it.each([undefined, ''])(
    'cannot be asked while the stream is not known (%j), and can be after',
    async (stream) => {
      const { lender, asked, heard } = rig([reply(200)], { baseUrl });
      for (const asking of [
        lender.acquire({ at: 0, stream }, NEVER),
        lender.release({ at: 0, stream }, NEVER),
      ]) {
        const error: unknown = await asking.catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(IdentityError);
        expect(error).toMatchObject({
          kind: 'identity_stream',
          message:
            'cannot tell the update stream: the booted deployment must name one, got none; set identity.stream, for example to "stable"',
        });
      }
      expect(asked).toEqual([]);
      // The error is of the node, not of the lock server.
      expect(heard).toEqual(['requested pre-reboot', 'requested steady-state']);
      expect(await lender.acquire(request(0, 'testing'), NEVER)).toEqual({ kind: 'granted' });
    },
  );

  it('is the only one that needs to know it', async () => {
    const { lender, asked } = rig([reply(200)]);
    expect(await lender.acquire({ at: 0, stream: undefined }, NEVER)).toEqual({ kind: 'granted' });
    expect(asked).toHaveLength(1);
  });
});

describe('an answer', () => {
  it.each(['', 'obtained reboot lease', '{"kind":"failed_lock","value":"ignored"}'])(
    'with status 200 is a yes: %j',
    async (body) => {
      const { lender, heard } = rig([reply(200, body)]);
      expect(await lender.acquire(request(), NEVER)).toEqual({ kind: 'granted' });
      expect(heard).toEqual(['requested pre-reboot']);
    },
  );

  // How the servers in use say that all slots are taken.
  it.each([
    [
      409,
      document('failed_lock_semaphore_full', 'semaphore currently full'),
      'lock server says: failed_lock_semaphore_full: semaphore currently full',
      'failed_lock_semaphore_full',
    ],
    [
      500,
      document('failed_lock', 'all 1 semaphore slots currently locked'),
      'lock server says: failed_lock: all 1 semaphore slots currently locked',
      'failed_lock',
    ],
    [
      423,
      document('locked', 'reboot lease unavailable, held by abc'),
      'lock server says: locked: reboot lease unavailable, held by abc',
      'locked',
    ],
    [
      404,
      document('failed_lock_semaphore_full', 'full'),
      'lock server says: failed_lock_semaphore_full: full',
      'failed_lock_semaphore_full',
    ],
    [409, '', 'lock server says: status 409, without a reason', 'generic_http_409'],
    [423, '<html>', 'lock server says: status 423, without a reason', 'generic_http_423'],
    [409, document(7, ['x']), 'lock server says: status 409, without a reason', 'generic_http_409'],
  ])('%i %s is a plain no', async (status, body, reason, kind) => {
    const { lender, heard } = rig([reply(status, body)]);
    expect(await lender.acquire(request(5), NEVER)).toEqual({ kind: 'refused', reason, label: 'fleet_lock' });
    expect(heard).toEqual(['requested pre-reboot', `failed pre-reboot ${kind}`]);
  });

  it.each([
    [400, document('unknown_group', 'unknown group "x"'), 'fleet_lock_refused', 'unknown_group'],
    [401, '', 'fleet_lock_unauthorized', 'generic_http_401'],
    [403, document('forbidden', 'no'), 'fleet_lock_unauthorized', 'forbidden'],
    [404, 'not found', 'fleet_lock_refused', 'generic_http_404'],
    [429, '', 'fleet_lock_unavailable', 'generic_http_429'],
    [500, document('failed_sem_init', 'etcd is down'), 'fleet_lock_unavailable', 'failed_sem_init'],
    [502, '<html>Bad Gateway</html>', 'fleet_lock_unavailable', 'generic_http_502'],
    [201, '', 'fleet_lock_refused', 'generic_http_201'],
    [204, '', 'fleet_lock_refused', 'generic_http_204'],
    [304, '', 'fleet_lock_refused', 'generic_http_304'],
  ])('%i %s is an error, in both directions', async (status, body, kind, label) => {
    const { lender, heard } = rig([reply(status, body)]);
    const taking = await failure(lender.acquire(request(), NEVER));
    const giving = await failure(lender.release(request(), NEVER));
    expect([taking.kind, taking.label, giving.kind, giving.label]).toEqual([kind, label, kind, label]);
    expect(taking.message).toMatch(
      new RegExp(
        `^cannot take a reboot slot: the lock server must answer with status 200, got ${status}\\b.*; it says: `,
      ),
    );
    expect(giving.message).toMatch(/^cannot give back the reboot slot: the lock server must answer/);
    expect(heard).toEqual([
      'requested pre-reboot',
      `failed pre-reboot ${label}`,
      'requested steady-state',
      `failed steady-state ${label}`,
    ]);
  });

  it('that all slots are taken is no answer to giving one back', async () => {
    const { lender } = rig([reply(409, document('failed_lock', 'conflict'))]);
    expect(await failure(lender.release(request(), NEVER))).toMatchObject({
      kind: 'fleet_lock_refused',
      label: 'failed_lock',
    });
  });

  it.each(HTTP_ERROR_KINDS)('that does not come (%s) is an error of a kind of its own', async (kind) => {
    const { lender, heard } = rig([new HttpError(kind, 'cannot POST https://lock: reason')]);
    const error = await failure(lender.acquire(request(), NEVER));
    expect(FLEET_LOCK_ERROR_KINDS).toContain(error.kind);
    expect(error.message).toBe('cannot take a reboot slot: cannot POST https://lock: reason');
    expect(error.kind).toBe(
      {
        http_bad_credentials: 'fleet_lock_credentials',
        http_redirect_refused: 'fleet_lock_refused',
      }[kind as string] ?? 'fleet_lock_unreachable',
    );
    expect(heard[1]).toMatch(/^failed pre-reboot client_failed_(request|build)$/);
  });
});

describe('Retry-After', () => {
  it('of a plain no is kept to: nobody is asked before, and the refusal says until when', async () => {
    const { lender, asked, clock } = rig([reply(409, '', { 'retry-after': '600' }), reply(200)]);
    expect(await lender.acquire(request(clock.now()), NEVER)).toMatchObject({
      kind: 'refused',
      untilAt: clock.now() + 600_000,
    });
    await clock.advance(599_000);
    expect(await lender.acquire(request(clock.now()), NEVER)).toMatchObject({
      kind: 'refused',
      untilAt: clock.now() + 1000,
    });
    // Somebody sets the clock back, but the pause does not grow.
    clock.setWall(0);
    await clock.advance(1000);
    expect(asked).toHaveLength(1);
    expect(await lender.acquire(request(clock.now()), NEVER)).toEqual({ kind: 'granted' });
    expect(asked).toHaveLength(2);
  });

  it('does not keep a slot from being given back', async () => {
    const { lender, asked } = rig([reply(409, '', { 'retry-after': '600' }), reply(200)]);
    await lender.acquire(request(), NEVER);
    await lender.release(request(), NEVER);
    expect(asked).toHaveLength(2);
  });

  it('of an error is told to who paces, and is bounded', async () => {
    const { lender } = rig([reply(503, '', { 'retry-after': '99999999' })]);
    expect((await failure(lender.acquire(request(), NEVER))).retryAfterMs).toBe(24 * 3_600_000);
    expect((await failure(lender.release(request(), NEVER))).retryAfterMs).toBe(24 * 3_600_000);
    const silent = rig([reply(503)]);
    expect((await failure(silent.lender.acquire(request(), NEVER))).retryAfterMs).toBeUndefined();
  });
});

describe('the observer', () => {
  it('hears for how long a slot was held, and of none that this process never had', async () => {
    const { lender, heard, clock } = rig([reply(200)]);
    await lender.release(request(), NEVER);
    await lender.acquire(request(), NEVER);
    await clock.advance(2000);
    await lender.acquire(request(), NEVER);
    await clock.advance(3000);
    await lender.release(request(), NEVER);
    await lender.release(request(), NEVER);
    expect(heard.filter((line) => line.startsWith('returned'))).toEqual(['returned after 5000']);
  });
});

describe('whatever a server says', () => {
  it('a label stays a label, few in number, and a reason stays one short line', async () => {
    const labels = new Set<string>();
    const { lender } = rig([reply(200)], {
      observer: {
        requested: () => undefined,
        failed: (_, kind) => labels.add(kind),
        returned: () => undefined,
      },
      http: { request: async () => answer },
    });
    let answer = reply(200);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ minLength: 500, maxLength: 3000 }),
          fc.anything(),
        ),
        fc.string({ unit: 'binary', maxLength: 2000 }),
        fc.constantFrom(400, 409, 423, 500, 503),
        async (kind, value, status) => {
          answer = reply(status, document(kind, value));
          const said = await lender
            .acquire(request(), NEVER)
            .then(reasonOf, (error: unknown) =>
              error instanceof FleetLockError ? error.message : `other: ${String(error)}`,
            );
          expect(said).toMatch(/^(lock server says|cannot take a reboot slot): /);
          expect(said.length).toBeLessThan(1000);
          expect(said).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e]/u);
        },
      ),
      { numRuns: 500 },
    );
    expect(labels.size).toBeLessThanOrEqual(26);
    for (const label of labels) {
      expect(label).toMatch(/^[a-z0-9_]{1,40}$/);
    }
  });

  it('knows a full semaphore also when it has used up its words before', async () => {
    let kind = '';
    const { lender } = rig([reply(200)], {
      http: { request: async () => reply(500, document(kind, 'x')) },
    });
    for (let index = 0; index < 30; index++) {
      kind = `word_${index}`;
      await failure(lender.acquire(request(), NEVER));
    }
    kind = 'failed_lock';
    expect(await lender.acquire(request(), NEVER)).toMatchObject({ kind: 'refused' });
  });

  it('does not bring the token back', async () => {
    const answers = [
      reply(409, document('secret-token', 'you sent secret-token')),
      reply(500, document('x', 'Authorization: Bearer secret-token')),
      new HttpError(
        'http_redirect_refused',
        'a redirect must lead to https://, got "http://x/?secret-token"',
      ),
    ];
    for (const answer of answers) {
      const { lender, heard } = rig([answer], { bearer: async () => 'secret-token' });
      const said = await lender
        .acquire(request(), NEVER)
        .then(reasonOf, (error: unknown) => (error as Error).message);
      expect(said).toContain('***');
      expect(`${said} ${heard.join()}`).not.toMatch(/secret.token/);
    }
  });
});
