import { describe, expect, it } from 'vitest';

import { HttpError } from '../../../src/errors.ts';
import { proxyFor } from '../../../src/http/proxy.ts';

const through = (target: string, env: Record<string, string>) => proxyFor(new URL(target), env)?.href;

describe('the proxy of a request', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['http://h/', {}, undefined],
    ['http://h/', { http_proxy: '' }, undefined],
    ['http://h/', { http_proxy: 'http://p:3128' }, 'http://p:3128/'],
    ['http://h/', { HTTP_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    ['http://h/', { HTTP_PROXY: 'http://upper', http_proxy: 'http://lower' }, 'http://lower/'],
    ['http://h/', { https_proxy: 'http://p' }, undefined],
    ['https://h/', { http_proxy: 'http://p' }, undefined],
    ['https://h/', { https_proxy: 'http://p' }, 'http://p/'],
    ['https://h/', { HTTPS_PROXY: 'https://p' }, 'https://p/'],
    ['https://h/', { all_proxy: 'http://p' }, 'http://p/'],
    ['https://h/', { ALL_PROXY: 'http://p', https_proxy: 'http://own' }, 'http://own/'],
    ['http://h/', { http_proxy: 'p:3128' }, 'http://p:3128/'],
    ['http://h/', { http_proxy: 'http://user:p%25w@p' }, 'http://user:p%25w@p/'],
  ])('%s with %j', (target, env, expected) => {
    expect(through(target, env)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['http://h/', '*', false],
    ['http://h/', 'other', true],
    ['http://h/', 'h', false],
    ['http://H/', 'h', false],
    ['http://h./', 'h', false],
    ['http://a.example.com/', 'example.com', false],
    ['http://a.example.com/', '.example.com', false],
    ['http://a.example.com/', '*.example.com', false],
    ['http://badexample.com/', 'example.com', true],
    ['http://h/', ' x, h ', false],
    ['http://h/', 'x h', false],
    ['http://h/', '.', true],
    ['http://h:8080/', 'h:8080', false],
    ['http://h/', 'h:8080', true],
    ['http://h/', 'h:80', false],
    ['https://h/', 'h:443', false],
    ['http://10.1.2.3/', '10.1.2.3', false],
    ['http://10.1.2.3/', '10.0.0.0/8', false],
    ['http://11.1.2.3/', '10.0.0.0/8', true],
    ['http://10.1.2.3/', '10.0.0.0/99', true],
    ['http://10.1.2.3/', '2.3', true],
    ['http://[fd00::7]/', 'fd00::/8', false],
    ['http://[fd00::7]/', 'fd00::7', false],
    ['http://[fd00::7]:81/', '[fd00::7]:81', false],
    ['http://[fd00::7]/', '[fd00::7]:81', true],
    ['http://[fe80::7]/', 'fd00::/8', true],
  ])('%s with no_proxy "%s": %s', (target, no_proxy, proxied) => {
    const env = { http_proxy: 'http://p', https_proxy: 'http://p', no_proxy };
    expect(through(target, env)).toBe(proxied ? 'http://p/' : undefined);
    expect(through(target, { HTTP_PROXY: 'http://p', HTTPS_PROXY: 'http://p', NO_PROXY: no_proxy })).toBe(
      proxied ? 'http://p/' : undefined,
    );
  });

  it.each(['socks5://secret@p', 'http://', 'http://secret:100%@p'])(
    'refuses %s by the name of its variable',
    (value) => {
      const refused = () => through('https://h/', { HTTPS_PROXY: value });
      expect(refused).toThrow(HttpError);
      expect(refused).toThrow(/^the environment variable HTTPS_PROXY must be an address such as/);
      expect(refused).not.toThrow(/secret/);
    },
  );
});
