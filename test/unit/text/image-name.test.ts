import { expect, it } from 'vitest';
import { samePayload } from '../../../src/agent/release.ts';
import { fullImageName } from '../../../src/text/image-name.ts';

it.each([
  ['fcos', 'docker.io/library/fcos'],
  ['fcos:tag', 'docker.io/library/fcos:tag'],
  ['localhost', 'docker.io/library/localhost'],
  ['docker.io/fcos', 'docker.io/library/fcos'],
  ['docker.io/library/fcos', 'docker.io/library/fcos'],
  ['index.docker.io/me/fcos', 'docker.io/me/fcos'],
  ['me/fcos', 'docker.io/me/fcos'],
  ['me/a/fcos', 'docker.io/me/a/fcos'],
  ['localhost/fcos', 'localhost/fcos'],
  ['localhost:5000/fcos', 'localhost:5000/fcos'],
  ['host:5000/fcos', 'host:5000/fcos'],
  ['[::1]:5000/a', '[::1]:5000/a'],
  ['quay.io/fedora/fedora-coreos', 'quay.io/fedora/fedora-coreos'],
  ['/var/tmp/image.tar', '/var/tmp/image.tar'],
])('diff 6: %s is %s', (name, full) => {
  expect(fullImageName(name)).toBe(full);
  expect(fullImageName(full)).toBe(full);
});

it('diff 6: a short name and its full one are the same release, if the digest is', () => {
  const oci = (value: string) => ({ scheme: 'oci', value }) as const;
  const digest = `sha256:${'a'.repeat(64)}`;
  expect(samePayload(oci(`me/fcos@${digest}`), oci(`docker.io/me/fcos@${digest}`))).toBe(true);
  expect(samePayload(oci(`me/fcos@${digest}`), oci(`quay.io/me/fcos@${digest}`))).toBe(false);
  expect(samePayload(oci(`me/fcos@${digest}`), oci(`docker.io/me/fcos@sha256:${'b'.repeat(64)}`))).toBe(
    false,
  );
});
