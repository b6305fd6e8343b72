/** The decoder of rpm-ostree's deployment dictionaries, on D-Bus values and on JSON. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BusValue, Variant } from '../../../src/dbus/types.ts';
import { RpmOstreeError } from '../../../src/errors.ts';
import { decodeDeployment, decodeDeployments, fromStatusJson } from '../../../src/rpmostree/deployment.ts';

const CHECKSUM = '1'.repeat(64);
const BASE = '2'.repeat(64);
const DIGEST = `sha256:${'3'.repeat(64)}`;
const IMAGE_REFERENCE = 'ostree-image-signed:docker://quay.io/fedora/fedora-coreos:stable';

type Json = string | number | boolean | readonly string[] | { readonly [key: string]: Json };

const plain = {
  id: `fedora-coreos-${CHECKSUM}.0`,
  osname: 'fedora-coreos',
  serial: 0,
  checksum: CHECKSUM,
  version: '43.20251024.3.0',
  timestamp: 1_762_837_557,
  origin: 'fedora:fedora/x86_64/coreos/stable',
  booted: true,
  staged: false,
  packages: [],
  'base-commit-meta': { 'fedora-coreos.stream': 'stable', 'rpmostree.initramfs-args': ['--no-hostonly'] },
} as const satisfies Json;

const image = {
  ...plain,
  'container-image-reference': IMAGE_REFERENCE,
  'container-image-reference-digest': DIGEST,
};

/** The same dictionary as it arrives over D-Bus. */
function asBus(json: Json): BusValue {
  if (typeof json === 'object' && !Array.isArray(json)) {
    return new Map(Object.entries(json).map(([key, value]) => [key, new Variant('v', asBus(value))]));
  }
  return json as BusValue;
}

describe('decodeDeployment', () => {
  it('reduces a deployment that follows a ref', () => {
    const expected = {
      id: plain.id,
      version: '43.20251024.3.0',
      payload: { scheme: 'checksum', value: CHECKSUM },
      baseChecksum: CHECKSUM,
      stream: 'stable',
      booted: true,
      staged: false,
      finalizationLocked: undefined,
      imageReference: undefined,
      layeredPackages: [],
    };
    expect(decodeDeployment(asBus(plain))).toEqual(expected);
    expect(decodeDeployment(plain)).toEqual(expected);
  });

  it('compares layered deployments by their base checksum', () => {
    const layered = { ...plain, 'base-checksum': BASE, packages: ['htop', 'vim'] };
    expect(decodeDeployment(asBus(layered))).toMatchObject({
      payload: { scheme: 'checksum', value: BASE },
      baseChecksum: BASE,
      layeredPackages: ['htop', 'vim'],
    });
  });

  it('R8: names packages that were installed from files among the layered ones', () => {
    const layered = {
      ...plain,
      'base-checksum': BASE,
      packages: ['htop'],
      'requested-local-packages': ['zincati-ng-0.1.0-1.x86_64'],
      'requested-local-fileoverride-packages': ['foo-2-1.x86_64'],
    };
    const expected = ['htop', 'zincati-ng-0.1.0-1.x86_64', 'foo-2-1.x86_64'];
    expect(decodeDeployment(asBus(layered)).layeredPackages).toEqual(expected);
    expect(decodeDeployment(layered).layeredPackages).toEqual(expected);
  });

  it('knows an image by its name and digest', () => {
    const payload = { scheme: 'oci', value: `quay.io/fedora/fedora-coreos@${DIGEST}` };
    expect(decodeDeployment(asBus(image))).toMatchObject({ payload, imageReference: IMAGE_REFERENCE });
  });

  it('cannot compare an image without digest or with a reference it does not know', () => {
    const noDigest = { ...plain, 'container-image-reference': IMAGE_REFERENCE };
    expect(decodeDeployment(noDigest).payload).toBeUndefined();
    expect(
      decodeDeployment({ ...image, 'container-image-reference': 'somewhere else' }).payload,
    ).toBeUndefined();
  });

  it('reads the lock of a staged deployment, which old daemons do not tell', () => {
    const staged = { ...plain, booted: false, staged: true };
    expect(decodeDeployment(asBus(staged)).finalizationLocked).toBeUndefined();
    expect(decodeDeployment(asBus({ ...staged, 'finalization-locked': true })).finalizationLocked).toBe(true);
    expect(decodeDeployment(asBus({ ...staged, 'finalization-locked': false })).finalizationLocked).toBe(
      false,
    );
  });

  const label = {
    'ostree.container.image-config': '{"config":{"Labels":{"com.coreos.stream":"from-label"}}}',
  };
  const annotation = { 'ostree.manifest': '{"annotations":{"fedora-coreos.stream":"from-annotation"}}' };
  const commit = { 'fedora-coreos.stream': 'from-commit' };
  const nestos = { 'nestos.stream': 'from-nestos' };

  it.each([
    [{ ...nestos, ...commit, ...annotation, ...label }, 'from-label'],
    [{ ...nestos, ...commit, ...annotation }, 'from-annotation'],
    [{ ...nestos, ...commit }, 'from-commit'],
    [nestos, 'from-nestos'],
    [{}, undefined],
    [{ ...commit, 'ostree.container.image-config': 'not JSON' }, 'from-commit'],
    [
      { ...commit, 'ostree.container.image-config': '[1]', 'ostree.manifest': '{"annotations":null}' },
      'from-commit',
    ],
    [
      { ...annotation, 'ostree.container.image-config': '{"config":{"Labels":{"com.coreos.stream":7}}}' },
      'from-annotation',
    ],
    [{ ...commit, 'ostree.manifest': '{"annotations":{"fedora-coreos.stream":"../../x y"}}' }, 'from-commit'],
    [{ ...commit, 'ostree.manifest': `"${'x'.repeat(5_000_000)}"` }, 'from-commit'],
    [{ 'ostree.manifest': '{"__proto__":{"annotations":{"fedora-coreos.stream":"stable"}}}' }, undefined],
  ])('finds the stream (case %#)', (meta, stream) => {
    expect(decodeDeployment(asBus({ ...plain, 'base-commit-meta': meta })).stream).toBe(stream);
    expect(decodeDeployment({ ...plain, 'base-commit-meta': meta }).stream).toBe(stream);
  });

  it.each([
    ['id', 7],
    ['checksum', ['x']],
    ['version', 42],
    ['booted', 'yes'],
    ['packages', true],
    ['container-image-reference', { a: 'b' }],
  ] as const)('names the field that is wrong: %s', (field, wrong) => {
    expect(() => decodeDeployment(asBus({ ...plain, [field]: wrong }))).toThrow(
      expect.objectContaining({
        kind: 'rpm_ostree_malformed_reply',
        message: expect.stringContaining(`'${field}' must be`) as unknown,
      }),
    );
  });

  it('answers or throws RpmOstreeError, whatever comes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(image)), fc.anything()), (noise) => {
        try {
          expect(decodeDeployment({ ...plain, ...noise }).id).toBeTypeOf('string');
        } catch (error) {
          expect(error).toBeInstanceOf(RpmOstreeError);
        }
      }),
    );
  });
});

describe('decodeDeployments', () => {
  const staged = { ...plain, id: 'fedora-coreos-x.1', booted: false, staged: true };

  it('finds the booted and the staged one, in boot order', () => {
    const decoded = decodeDeployments([asBus(staged), asBus(plain)]);
    expect(decoded.booted.id).toBe(plain.id);
    expect(decoded.staged?.id).toBe('fedora-coreos-x.1');
    expect(decoded.deployments.map(({ id }) => id)).toEqual(['fedora-coreos-x.1', plain.id]);
    expect(decoded.warnings).toEqual([]);
  });

  it('B28: a foreign deployment that cannot be read is left out with a warning', () => {
    const decoded = decodeDeployments([asBus({ ...staged, version: 42 }), asBus(plain), 'nonsense']);
    expect(decoded.booted.id).toBe(plain.id);
    expect(decoded.deployments).toHaveLength(1);
    expect(decoded.warnings).toEqual([
      "cannot read a deployment: 'version' must be a text, got number '42'",
      "cannot read a deployment: it must be a dictionary, got string 'nonsense'",
    ]);
  });

  it('names the field of a booted deployment that cannot be read', () => {
    expect(() => decodeDeployments([asBus({ ...plain, checksum: 5 })])).toThrow(/'checksum' must be a text/);
  });

  it.each([[[]], ['x'], [undefined], [[asBus(staged)]]])(
    'refuses a host that has booted nothing (case %#)',
    (value) => {
      expect(() => decodeDeployments(value)).toThrow(
        expect.objectContaining({ kind: 'rpm_ostree_malformed_reply' }),
      );
    },
  );
});

describe('fromStatusJson', () => {
  it('takes the place of the booted deployment, whatever it says of itself', () => {
    const decoded = fromStatusJson({ ...image, booted: false, staged: true });
    expect(decoded).toMatchObject({ booted: true, staged: false, imageReference: IMAGE_REFERENCE });
  });
});
