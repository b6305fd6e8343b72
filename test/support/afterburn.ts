/**
 * Plays Afterburn: writes what a cloud says of a machine as Afterburn does.
 *
 * Invariants:
 * - The file is there, and empty, while the cloud is asked. It stays so when the cloud does not answer.
 * - The file is written in place. Nothing is renamed onto it.
 * - The order of the lines means nothing.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** By the names that the cloud's part of Afterburn gives them: `AWS_REGION`. */
export type CloudAttributes = Readonly<Record<string, string>>;

/** What an instance of AWS has. */
export const OF_AWS: CloudAttributes = {
  AWS_INSTANCE_ID: 'i-0123456789abcdef0',
  AWS_INSTANCE_TYPE: 'm5.large',
  AWS_IPV4_LOCAL: '10.0.0.5',
  AWS_IPV6: '2001:db8::5',
  AWS_AVAILABILITY_ZONE: 'eu-west-1a',
  AWS_AVAILABILITY_ZONE_ID: 'euw1-az1',
  AWS_HOSTNAME: 'ip-10-0-0-5.eu-west-1.compute.internal',
  AWS_PUBLIC_HOSTNAME: '',
  AWS_REGION: 'eu-west-1',
};

/** The text of the file. */
export const attributesText = (attributes: CloudAttributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `AFTERBURN_${name}=${value}\n`)
    .join('');

/** One run of Afterburn, as `--attributes=PATH`. Rejects as `ask` does. */
export async function runAfterburn(path: string, ask: () => Promise<CloudAttributes>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await using file = await open(path, 'w', 0o644);
  await file.writeFile(attributesText(await ask()));
}
