/**
 * The file of the tests, and a real one: CONFORM_AFTERBURN=/run/metadata/afterburn, on a machine of a cloud.
 *
 * CONFORM_AFTERBURN_AGAIN='systemctl restart afterburn.service' has it written once more, as root, for the statements
 * about writing.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ATTRIBUTES_FILE } from '../../src/config/attribute-template.ts';
import { type CloudAttributes, OF_AWS, runAfterburn } from '../support/afterburn.ts';
import { HostTree } from '../support/host-tree.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';
import {
  AFTERBURN_STATEMENTS,
  type AfterburnPeer,
  WRITING_STATEMENTS,
  type WritingPeer,
} from './afterburn.ts';
import { type Candidate, conformance } from './statement.ts';

/** An address has characters that mean something elsewhere. */
const OF_PACKET: CloudAttributes = {
  PACKET_HOSTNAME: 'worker-1',
  PACKET_PHONE_HOME_URL: 'http://tinkerbell.ewr1.packet.net/phone-home?a=b&c=d#e',
  PACKET_PLAN: 't1.small.x86',
  PACKET_IPV4_PUBLIC_0: '147.75.33.1',
  PACKET_IPV6_PUBLIC_0: '2604:1380::1',
};

const nothing = (): Promise<void> => Promise.resolve();

function standIn(name: string, attributes: CloudAttributes): Candidate<WritingPeer> {
  return {
    name: `stand-in, ${name}`,
    start: async () => {
      const host = await HostTree.create();
      const path = join(host.root, ATTRIBUTES_FILE);
      const again: WritingPeer['again'] = (meanwhile = nothing) =>
        runAfterburn(path, async () => {
          await meanwhile();
          return attributes;
        });
      await again();
      const uid = process.getuid?.() ?? 0;
      return { path, uid, again, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
    },
  };
}

const { CONFORM_AFTERBURN: path, CONFORM_AFTERBURN_AGAIN: command } = process.env;

const REAL: readonly Candidate<AfterburnPeer>[] =
  path === undefined
    ? []
    : [
        {
          name: `Afterburn's ${path}`,
          start: () => Promise.resolve({ path, uid: 0, [Symbol.asyncDispose]: nothing }),
        },
      ];

const REAL_WRITING: readonly Candidate<WritingPeer>[] =
  path === undefined || command === undefined
    ? []
    : [
        {
          name: `Afterburn's ${path}, written by ${command}`,
          start: () => {
            const again: WritingPeer['again'] = async (meanwhile = nothing) => {
              const written = promisify(execFile)('sh', ['-c', command], { timeout: PROGRAM_LIMIT_MS });
              await Promise.all([written, meanwhile()]);
            };
            return Promise.resolve({ path, uid: 0, again, [Symbol.asyncDispose]: nothing });
          },
        },
      ];

const STAND_INS = [standIn('an instance of AWS', OF_AWS), standIn('a server of Packet', OF_PACKET)];
conformance('the attributes of Afterburn', AFTERBURN_STATEMENTS, [...STAND_INS, ...REAL]);
conformance('Afterburn that writes', WRITING_STATEMENTS, [...STAND_INS, ...REAL_WRITING]);
