import { describe, expect, it } from 'vitest';

import { endpointBelow } from '../../../src/http/base-url.ts';

const VALUES = { basearch: 'x86_64', group: 'workers', platform: 'qemu', stream: 'stable' };
const graph = (base: string) => {
  const endpoint = endpointBelow(base, 'v1/graph', VALUES);
  return 'url' in endpoint ? endpoint.url.href : endpoint.problem;
};

describe('the endpoint below a base URL', () => {
  it.each([
    ['https://h', 'https://h/v1/graph'],
    ['https://h/', 'https://h/v1/graph'],
    ['https://h/p', 'https://h/p/v1/graph'],
    ['https://h/p/', 'https://h/p/v1/graph'],
    ['https://h/p//', 'https://h/p/v1/graph'],
    ['http://h:8080/a/b?token=x', 'http://h:8080/a/b/v1/graph?token=x'],
    ['https://h/p#here', 'https://h/p/v1/graph'],
    ['https://u:pw@h/p', 'https://u:pw@h/p/v1/graph'],
    ['http://[::1]:80/', 'http://[::1]/v1/graph'],
    [
      'https://h/${stream}/${basearch}/${platform}?g=${group}',
      'https://h/stable/x86_64/qemu/v1/graph?g=workers',
    ],
  ])('diff 8: %s', (base, expected) => {
    expect(graph(base)).toBe(expected);
  });

  it.each([
    [
      'https://h/${strem}',
      'must have no other templates than ${basearch}, ${group}, ${platform}, ${stream}, got ${strem}',
    ],
    [
      'https://h/${',
      'must have no other templates than ${basearch}, ${group}, ${platform}, ${stream}, got another one',
    ],
    ['h/p', 'must be an http:// or https:// address, got something else'],
    ['ftp://h/p', 'must be an http:// or https:// address, got something else'],
    ['', 'must be an http:// or https:// address, got something else'],
    ['https://', 'must be an http:// or https:// address, got something else'],
  ])('%s is refused', (base, problem) => {
    expect(graph(base)).toBe(problem);
  });
});
