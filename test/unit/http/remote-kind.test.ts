import { describe, expect, it } from 'vitest';

import { RemoteKinds } from '../../../src/http/remote-kind.ts';

describe('the server’s word for its error', () => {
  it.each<[unknown, string | undefined]>([
    ['failed_policy', 'failed_policy'],
    ['Failed Policy!', 'failed_policy_'],
    ['a\nb{c="d"}', 'a_b_c_d_'],
    ['x'.repeat(100), 'x'.repeat(40)],
    ['', undefined],
    ['  ', undefined],
    ['ÄÖÜ', undefined],
    [7, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j becomes %j', (word, label) => {
    expect(new RemoteKinds().label(word)).toBe(label);
  });

  it('becomes a label for twenty different ones, whatever comes', () => {
    const kinds = new RemoteKinds();
    const labels = new Set(Array.from({ length: 1000 }, (_, index) => kinds.label(`kind_${index}`)));
    expect(labels.size).toBe(21);
    expect(labels).toContain('remote_other');
    expect(kinds.label('kind_19')).toBe('kind_19');
    expect(kinds.label('kind_20')).toBe('remote_other');
  });
});
