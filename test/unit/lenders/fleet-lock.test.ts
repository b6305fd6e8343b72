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
  /** What the answers came to. */
  readonly outcomes: string[];
  readonly clock: VirtualClock;
}

/** Gives the answers in turn, and repeats the last one forever. */
function rig(answers: readonly (HttpReply | HttpError)[], changes: Partial<FleetLockOptions> = {}): Rig {
  const asked: HttpRequest[] = [];
  const heard: string[] = [];
  const outcomes: string[] = [];
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
      answered: (api, answer) => outcomes.push(`${api} ${answer}`),
    },
    ...changes,
  });
  return { lender, asked, heard, outcomes, clock };
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
        accept: 'application/json',
      });
      expect(JSON.parse(body ?? '')).toEqual({ client_params: { id: 'c0ffee', group: 'workers' } });
      expect(limits).toMatchObject({ totalMs: 60_000 });
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
  it.each([
    [200, ''],
    [200, 'obtained reboot lease'],
    [200, '{"kind":"failed_lock","value":"ignored"}'],
    [201, ''],
    [204, ''],
    [299, 'x'],
  ])('field 4: with status %i is a yes, as for Zincati: %j', async (status, body) => {
    const { lender, heard } = rig([reply(status, body)]);
    expect(await lender.acquire(request(), NEVER)).toEqual({ kind: 'granted' });
    await lender.release(request(), NEVER);
    expect(heard).toEqual(['requested pre-reboot', 'requested steady-state']);
  });

  // How the servers in use say that nothing is lent now.
  it.each([
    ['airlock', 500, document('failed_lock', 'all 1 semaphore slots currently locked')],
    ['airlock', 500, document('failed_lock', 'semaphore currently locked, no slots left')],
    ['poseidon', 423, document('lock_held', 'reboot lease lock unavailable, held by abc')],
    ['heathcliff26', 423, document('all_slots_full', 'Could not reserve a slot as all slots are locked')],
    ['ceph', 400, document('failed_lock_not_in_timewindow', 'Updating is disabled at this time')],
    ['ceph', 400, document('failed_lock_cluster_not_healthy', 'Updating ist not possible')],
    ['ceph', 400, document('failed_lock_updating_not_enabled', 'Updating is disabled by configuration')],
    ['ceph', 400, document('failed_lock_semaphore_full', 'semaphore currently full')],
    ['zincati-consul', 503, 'too many nodes down, cannot lock yet'],
    ['knubbis', 409, document('failed_lock', 'all slots are taken')],
    ['fleetlock-consul', 409, document('failed_lock', 'lock is held by another node')],
    ['zyno-io', 403, document('outside_maintenance_window', 'lock denied: outside maintenance window')],
    ['zyno-io', 429, document('reboot_cooldown', 'lock denied: reboot cooldown, retry in 5m')],
    ['an older text of the protocol', 404, document('failed_lock_semaphore_full', 'full')],
    ['an older poseidon', 423, document('locked', 'reboot lease unavailable, held by abc')],
  ])('field 4: that of %s with status %i is a plain no: %s', async (_, status, body) => {
    const { lender, heard } = rig([reply(status, body)]);
    const json = body.startsWith('{') ? (JSON.parse(body) as { kind: string; value: string }) : undefined;
    const said = json === undefined ? body : `${json.kind}: ${json.value}`;
    expect(await lender.acquire(request(5), NEVER)).toEqual({
      kind: 'refused',
      reason: `lock server says: ${said}`,
      label: 'fleet_lock',
    });
    expect(heard).toEqual([
      'requested pre-reboot',
      `failed pre-reboot ${json?.kind ?? `generic_http_${status}`}`,
    ]);
  });

  it.each([
    [409, ''],
    [423, '<html>'],
    [409, document(7, ['x'])],
  ])('%i %s is a plain no without a reason', async (status, body) => {
    const { lender } = rig([reply(status, body)]);
    expect(reasonOf(await lender.acquire(request(), NEVER))).toBe(
      `lock server says: status ${status}, without a reason`,
    );
  });

  it('field 1: that another node was faster lends nothing, and is asked again within seconds', async () => {
    const { lender } = rig([reply(500, document('failed_lock', 'conflict on semaphore detected, aborting'))]);
    expect(await lender.acquire(request(1000), NEVER)).toMatchObject({ kind: 'refused', untilAt: 6000 });
  });

  it('field 1: 202 keeps a place, and is asked again soon, or when the server says so', async () => {
    const body = document('waiting_for_node_drain', 'The Slot has been reserved, but is not yet drained');
    const { lender } = rig([reply(202, body), reply(202, body, { 'retry-after': '60' })]);
    const answer = {
      kind: 'may-be-held',
      reason: 'lock server says: waiting_for_node_drain: The Slot has been reserved, but is not yet drained',
      label: 'fleet_lock',
    };
    expect(await lender.acquire(request(), NEVER)).toEqual({ ...answer, askAgainMs: 15_000 });
    expect(await lender.acquire(request(), NEVER)).toEqual({
      ...answer,
      askAgainMs: 60_000,
      untilAt: 60_000,
    });
  });

  it.each([
    ['airlock, etcd slow', 500, document('failed_lock', 'context deadline exceeded'), 'failed_lock'],
    ['airlock, etcd restarts', 500, document('failed_lock', 'etcdserver: leader changed'), 'failed_lock'],
    ['airlock, etcd slow', 500, document('failed_sem_init', 'context deadline exceeded'), 'failed_sem_init'],
    ['poseidon', 500, document('internal_error', 'error getting reboot lease'), 'internal_error'],
    ['heathcliff26', 500, document('error', 'An unexpected error occured'), 'error'],
    ['knubbis', 500, document('failed_lock', 'failed getting lock'), 'failed_lock'],
    ['zincati-consul', 500, 'error writing to consul kv', 'generic_http_500'],
    ['a proxy', 502, '<html>Bad Gateway</html>', 'generic_http_502'],
    ['a proxy', 504, 'upstream request timeout', 'generic_http_504'],
    ['a proxy', 503, 'no healthy upstream', 'generic_http_503'],
    ['a proxy', 503, '<html>Service Unavailable: lock</html>', 'generic_http_503'],
  ])('field 1: that of %s with status %i leaves open what is held: %s', async (_, status, body, label) => {
    const { lender, heard } = rig([reply(status, body)]);
    const pauses: number[] = [];
    for (let asked = 0; asked < 7; asked++) {
      const answer = await lender.acquire(request(), NEVER);
      expect(answer).toMatchObject({ kind: 'may-be-held', errorKind: 'fleet_lock_unavailable' });
      expect(reasonOf(answer)).toContain(
        `cannot take a reboot slot: the lock server must answer with a status from 200 to 299`,
      );
      pauses.push(answer.kind === 'may-be-held' ? answer.askAgainMs : NaN);
    }
    expect(pauses).toEqual([15_000, 30_000, 60_000, 120_000, 240_000, 300_000, 300_000]);
    expect(heard.slice(0, 2)).toEqual(['requested pre-reboot', `failed pre-reboot ${label}`]);
    expect(await failure(lender.release(request(), NEVER))).toMatchObject({ label });
  });

  it.each([
    [400, document('unknown_group', 'unknown group "x"'), 'fleet_lock_refused', 'unknown_group'],
    [
      400,
      document('invalid_client_identity', 'empty client ID'),
      'fleet_lock_refused',
      'invalid_client_identity',
    ],
    [401, '', 'fleet_lock_unauthorized', 'generic_http_401'],
    [401, 'lock denied', 'fleet_lock_unauthorized', 'generic_http_401'],
    [403, document('forbidden', 'no'), 'fleet_lock_unauthorized', 'forbidden'],
    [405, document('method_not_allowed', 'required method POST'), 'fleet_lock_refused', 'method_not_allowed'],
    [429, '', 'fleet_lock_unavailable', 'generic_http_429'],
    [304, '', 'fleet_lock_refused', 'generic_http_304'],
  ])('%i %s is an error, in both directions', async (status, body, kind, label) => {
    const { lender, heard } = rig([reply(status, body)]);
    const taking = await failure(lender.acquire(request(), NEVER));
    const giving = await failure(lender.release(request(), NEVER));
    expect([taking.kind, taking.label, giving.kind, giving.label]).toEqual([kind, label, kind, label]);
    expect(taking.message).toMatch(
      new RegExp(
        `^cannot take a reboot slot: the lock server must answer with a status from 200 to 299, got ${status}\\b.*; it says: `,
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

  it.each([
    [423, document('lock_held', 'reboot lease unlock unavailable, held by abc')],
    [400, document('failed_relase_lock_not_held', "Can't relase a lock thats owned by abc")],
    [404, ''],
    [404, 'no such lock'],
    [409, document('failed_unlock', 'not the holder')],
    [410, ''],
    [500, document('failed_unlock', 'client with c0ffee can not unlock group g that was locked by abc')],
    [200, document('lock_not_held', 'Ready to lock!')],
  ])('field 3: to giving back, %i %s says that there is nothing to give back', async (status, body) => {
    const { lender, heard } = rig([reply(status, body)]);
    await lender.release(request(), NEVER);
    expect(heard).toEqual(['requested steady-state']);
  });

  it.each([
    [500, document('failed_unlock', 'cannot uncordon, still held by c0ffee')],
    [503, 'try again'],
    [400, document('unknown_group', 'unknown group')],
  ])('to giving back, %i %s is none', async (status, body) => {
    const { lender } = rig([reply(status, body)]);
    await failure(lender.release(request(), NEVER));
  });

  it('that another node was faster is no answer to giving one back', async () => {
    for (const status of [409, 500]) {
      const { lender } = rig([reply(status, document('failed_lock', 'conflict on semaphore detected'))]);
      expect(await failure(lender.release(request(), NEVER))).toMatchObject({ label: 'failed_lock' });
    }
  });

  it.each(HTTP_ERROR_KINDS)(
    'that does not come (%s) is told apart by whether the server heard',
    async (kind) => {
      const { lender, heard } = rig([new HttpError(kind, 'cannot POST https://lock: reason')]);
      const message = 'cannot take a reboot slot: cannot POST https://lock: reason';
      if (['http_timeout', 'http_broken_reply', 'http_too_large'].includes(kind)) {
        expect(await lender.acquire(request(), NEVER)).toEqual({
          kind: 'may-be-held',
          reason: message,
          label: 'fleet_lock',
          askAgainMs: 15_000,
          errorKind: 'fleet_lock_unreachable',
        });
      } else {
        const error = await failure(lender.acquire(request(), NEVER));
        expect(FLEET_LOCK_ERROR_KINDS).toContain(error.kind);
        expect(error.message).toBe(message);
        expect(error.kind).toBe(
          {
            http_bad_credentials: 'fleet_lock_credentials',
            http_redirect_refused: 'fleet_lock_refused',
          }[kind as string] ?? 'fleet_lock_unreachable',
        );
      }
      expect(heard[1]).toMatch(/^failed pre-reboot client_failed_(request|build)$/);
    },
  );
});

describe('what the answers came to', () => {
  it.each([
    ['yes', reply(200)],
    ['no', reply(423, document('lock_held', 'held by abc'))],
    ['no', reply(500, document('failed_lock', 'conflict on semaphore detected'))],
    ['under-way', reply(202)],
    ['uncertain', reply(500)],
    ['uncertain', new HttpError('http_timeout', 'no answer')],
    ['failed', reply(400, document('unknown_group', 'there is no such group'))],
    ['failed', new HttpError('http_unreachable', 'connection refused')],
  ] as const)('of a question is %s once: %j', async (outcome, answer) => {
    const { lender, outcomes } = rig([answer]);
    await lender.acquire(request(), NEVER).catch((error: unknown) => error);
    expect(outcomes).toEqual([`pre-reboot ${outcome}`]);
  });

  it.each([
    ['yes', reply(200)],
    ['yes', reply(423, document('lock_held', 'held by another'))],
    ['failed', reply(500)],
    ['failed', new HttpError('http_timeout', 'no answer')],
  ] as const)('of giving back is %s once: %j', async (outcome, answer) => {
    const { lender, outcomes } = rig([answer]);
    await lender.release(request(), NEVER).catch((error: unknown) => error);
    expect(outcomes).toEqual([`steady-state ${outcome}`]);
  });

  it('is nothing new while a no of before stands', async () => {
    const { lender, outcomes } = rig([reply(423, '', { 'retry-after': '60' })]);
    await lender.acquire(request(), NEVER);
    await lender.acquire(request(), NEVER);
    expect(outcomes).toEqual(['pre-reboot no']);
  });
});

describe('B34, field 5: the content type', () => {
  it.each([
    [415, ''],
    [400, document('bad_request', 'the content type must be application/json')],
    [500, 'Unsupported Media Type'],
  ])('is sent from then on when the server asks for it: %i %s', async (status, body) => {
    const { lender, asked, heard } = rig([reply(status, body), reply(200)]);
    expect(await lender.acquire(request(), NEVER)).toEqual({ kind: 'granted' });
    await lender.release(request(), NEVER);
    expect(asked.map(({ headers }) => headers?.['content-type'])).toEqual([
      undefined,
      'application/json',
      'application/json',
    ]);
    expect(heard).toEqual(['requested pre-reboot', 'requested steady-state']);
  });

  it('is asked for in vain only once', async () => {
    const { lender, asked } = rig([reply(415)]);
    expect((await failure(lender.acquire(request(), NEVER))).kind).toBe('fleet_lock_refused');
    expect(asked).toHaveLength(2);
    await failure(lender.acquire(request(), NEVER));
    expect(asked).toHaveLength(3);
  });

  it('is not sent after an error that is about something else', async () => {
    const { lender, asked } = rig([reply(400, document('unknown_group', 'no group')), reply(200)]);
    await failure(lender.acquire(request(), NEVER));
    await lender.acquire(request(), NEVER);
    expect(asked.map(({ headers }) => headers?.['content-type'])).toEqual([undefined, undefined]);
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
    expect(await lender.acquire(request(), NEVER)).toMatchObject({ askAgainMs: 24 * 3_600_000 });
    expect((await failure(lender.release(request(), NEVER))).retryAfterMs).toBe(24 * 3_600_000);
    const refusing = rig([reply(400, '', { 'retry-after': '60' }), reply(400)]);
    expect((await failure(refusing.lender.acquire(request(), NEVER))).retryAfterMs).toBe(60_000);
    expect((await failure(refusing.lender.acquire(request(), NEVER))).retryAfterMs).toBeUndefined();
  });
});

describe('whatever a server says', () => {
  it('a label stays a label, few in number, and a reason stays one short line', async () => {
    const labels = new Set<string>();
    const { lender } = rig([reply(200)], {
      observer: {
        requested: () => undefined,
        failed: (_, kind) => labels.add(kind),
        answered: () => undefined,
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
      http: { request: async () => reply(500, document(kind, 'no slots left')) },
    });
    for (let index = 0; index < 30; index++) {
      kind = `word_${index}`;
      await lender.acquire(request(), NEVER);
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
