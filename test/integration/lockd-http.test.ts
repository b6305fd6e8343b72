/** What no route of lockd answers: HTTP itself refuses it, in the words of the protocol. */
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import { createApp, type App } from '../../fleet/lockd/http-app.ts';

interface Said {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

interface Served extends App {
  /** Answers all that was asked. */
  readonly release: () => void;
  /** Resolves when the route has been asked so often. */
  readonly begun: (times: number) => Promise<void>;
}

/** With one route, `POST /slow`. */
async function serve(): Promise<Served> {
  const released = Promise.withResolvers<undefined>();
  const asked = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  let times = 0;
  const created = createApp(undefined, (error) => {
    throw error;
  });
  created.app.post('/slow', async () => {
    asked[times++]?.resolve(undefined);
    await released.promise;
    return {};
  });
  await created.app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    created.cut();
    await created.app.close();
  });
  return {
    ...created,
    release: () => released.resolve(undefined),
    begun: async (count) => {
      await asked[count - 1]?.promise;
    },
  };
}

/** Sends the bytes, and reads to the end of the connection. `more` are sent when `then` resolves. */
async function say({ server }: App, bytes: string, then?: Promise<unknown>, more = ''): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  // It may be ended while it still sends.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await then;
  socket.write(more);
  await once(socket, 'close');
  return text;
}

function parsed(text: string): Said {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d+) /.exec(head)?.[1]),
    type: /^content-type: (.*)$/im.exec(head)?.[1]?.trim() ?? '',
    body: JSON.parse(body) as unknown,
  };
}

const HEAD = 'host: x\r\nconnection: close\r\n';
const JSON_TYPE = 'application/json; charset=utf-8';

describe('what HTTP itself refuses', () => {
  it.each([
    ['another address', `POST /none HTTP/1.1\r\n${HEAD}\r\n`, 404, 'not_found'],
    ['another method', `PUT /slow HTTP/1.1\r\n${HEAD}content-length: 0\r\n\r\n`, 404, 'not_found'],
    [
      'an address that cannot be decoded',
      `POST /%zz HTTP/1.1\r\n${HEAD}\r\n`,
      400,
      'invalid_client_identity',
    ],
    [
      'a body that is too large',
      `POST /slow HTTP/1.1\r\n${HEAD}content-length: 99999\r\n\r\n`,
      413,
      'too_large',
    ],
    [
      'headers that are too large',
      `POST /slow HTTP/1.1\r\n${HEAD}x: ${'y'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['what is no HTTP', 'hello\r\n\r\n', 400, 'invalid_client_identity'],
    [
      'a method that HTTP does not have',
      `LEND /slow HTTP/1.1\r\n${HEAD}\r\n`,
      400,
      'invalid_client_identity',
    ],
    [
      'a content type that is none',
      `POST /slow HTTP/1.1\r\n${HEAD}content-type: ;;\r\ncontent-length: 2\r\n\r\n{}`,
      400,
      'invalid_client_identity',
    ],
  ])('%s', async (_, bytes, status, kind) => {
    const served = await serve();
    expect(parsed(await say(served, bytes))).toEqual({
      status,
      type: JSON_TYPE,
      body: { kind, value: expect.any(String) as string },
    });
  });

  it('half a request, after ten seconds', async () => {
    const served = await serve();
    served.server.headersTimeout = 200;
    served.server.requestTimeout = 200;
    expect(parsed(await say(served, 'POST /slow HTTP/1.1\r\nhost: x\r\n'))).toMatchObject({
      status: 408,
      body: { kind: 'too_slow' },
    });
  });

  it('nothing while the server ends: what comes on an open connection is for the routes', async () => {
    const served = await serve();
    const request = `POST /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n`;
    const ending = served.begun(1).then(async () => {
      void served.app.close();
      while (served.server.listening) {
        await setImmediate();
      }
      void served.begun(2).then(served.release);
    });
    const text = await say(served, request, ending, request);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
  }, 20_000);
});
