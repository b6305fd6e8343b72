import { describe, expect, it } from 'vitest';

import { expandTemplate } from '../../../src/text/url-template.ts';

const VALUES = { basearch: 'x86_64', group: 'default', platform: 'qemu', stream: 'stable' };

describe('templates', () => {
  it('are replaced wherever they stand, as often as they stand', () => {
    expect(expandTemplate('http://${stream}/${basearch}/${group}?p=${platform}&s=${stream}', VALUES)).toBe(
      'http://stable/x86_64/default?p=qemu&s=stable',
    );
  });

  it('cannot bring other templates, patterns or address parts in', () => {
    expect(expandTemplate('http://h/${group}', { ...VALUES, group: '${stream}' })).toBe(
      'http://h/%24%7Bstream%7D',
    );
    expect(expandTemplate('http://h/${group}', { ...VALUES, group: '$&/../?#' })).toBe(
      'http://h/%24%26%2F..%2F%3F%23',
    );
  });
});
