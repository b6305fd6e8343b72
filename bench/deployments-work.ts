/**
 * Run as a process: decodes rpm-ostree's answer about the deployments from a file, once.
 *
 * Arguments:
 * 1. `dbus` (the message as it comes from the bus) or `json` (the output of `rpm-ostree status --json`, for comparison);
 * 2. the file;
 * 3. the number of deployments;
 * 4. optional: the bytes of metadata of each deployment. The file is then written instead of read.
 *
 * A separate process writes the file, so that writing it leaves no free memory in the process that is measured.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeMessage, encodeMessage } from '../src/dbus/codec.ts';
import { MESSAGE_TYPE } from '../src/dbus/message.ts';
import { Variant, type BusValue } from '../src/dbus/types.ts';
import { decodeDeployments } from '../src/rpmostree/deployment.ts';
import { measureOnce } from './measured-process.ts';

const [mode = '', file = '', countText = '', bytesText] = process.argv.slice(2);

/** Image config and manifest: lists of layers, half of the bytes each. */
function metadataTexts(index: number, bytes: number): readonly [string, string] {
  const layers: { readonly digest: string; readonly size: number }[] = [];
  for (let size = 0; size < bytes / 2; size += 100) {
    layers.push({ digest: `sha256:${String(size + index).padStart(64, '0')}`, size });
  }
  return [
    JSON.stringify({ config: { Labels: { 'com.coreos.stream': 'stable' } }, history: layers }),
    JSON.stringify({ annotations: { 'fedora-coreos.stream': 'stable' }, layers }),
  ];
}

function facts(index: number) {
  const checksum = String(index).padStart(64, '0');
  return {
    id: `fedora-coreos-${checksum}.0`,
    osname: 'fedora-coreos',
    version: `43.2026010${index}.3.0`,
    checksum,
    'container-image-reference': 'ostree-image-signed:docker://quay.io/fedora/fedora-coreos:stable',
    'container-image-reference-digest': `sha256:${checksum}`,
    booted: index === 0,
    staged: false,
  };
}

function dbusValue(count: number, bytes: number): BusValue {
  return Array.from({ length: count }, (_, index) => {
    const [config, manifest] = metadataTexts(index, bytes);
    const entries = Object.entries(facts(index)).map(
      ([key, value]) => [key, new Variant(typeof value === 'boolean' ? 'b' : 's', value)] as const,
    );
    const metadata = new Map<string, BusValue>([
      ['ostree.container.image-config', new Variant('s', config)],
      ['ostree.manifest', new Variant('s', manifest)],
    ]);
    return new Map<string, BusValue>([...entries, ['base-commit-meta', new Variant('a{sv}', metadata)]]);
  });
}

function jsonText(count: number, bytes: number): string {
  return JSON.stringify(
    Array.from({ length: count }, (_, index) => {
      const [config, manifest] = metadataTexts(index, bytes);
      const metadata = { 'ostree.container.image-config': config, 'ostree.manifest': manifest };
      return { ...facts(index), 'base-commit-meta': metadata };
    }),
  );
}

const count = Number(countText);
if (bytesText !== undefined) {
  const bytes = Number(bytesText);
  writeFileSync(file, mode === 'dbus' ? message(count, bytes) : jsonText(count, bytes));
} else if (mode === 'dbus') {
  const frame = readFileSync(file);
  await measureOnce(
    () => frame,
    (bytes) => Promise.resolve(checked(decodeMessage(bytes).body()[0])),
  );
} else {
  const json = readFileSync(file);
  await measureOnce(
    () => json,
    (bytes) => Promise.resolve(checked(JSON.parse(new TextDecoder().decode(bytes)))),
  );
}

function message(deployments: number, bytes: number): Buffer {
  return encodeMessage({
    type: MESSAGE_TYPE.methodReturn,
    serial: 2,
    replySerial: 1,
    signature: 'v',
    body: [new Variant('aa{sv}', dbusValue(deployments, bytes))],
  });
}

function checked(value: unknown): number {
  const { deployments, booted } = decodeDeployments(value);
  if (deployments.length !== count || booted.stream !== 'stable') {
    throw new Error(`all ${count} deployments must be read, got ${deployments.length}`);
  }
  return deployments.length;
}
