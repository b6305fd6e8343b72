/** The lender `fleet_lock` as the agent has it, against a server on loopback, and everything its observer heard. */
import { createFleetLock, type CreateFleetLockOptions } from '../../src/lenders/create-fleet-lock.ts';
import type { Lender } from '../../src/lenders/lender.ts';

export const NODE_ID = '0123456789abcdef0123456789abcdef';

export interface LockClient extends AsyncDisposable {
  readonly lender: Lender;
  /** `requested pre-reboot`, `failed pre-reboot KIND`. */
  readonly heard: string[];
}

export function lockClient(
  baseUrl: string,
  changes: {
    readonly settings?: Partial<CreateFleetLockOptions['settings']>;
    readonly nodeUuid?: string;
    readonly group?: string;
    readonly root?: string;
    readonly env?: CreateFleetLockOptions['env'];
    readonly clock?: CreateFleetLockOptions['clock'];
  } = {},
): LockClient {
  const heard: string[] = [];
  const { lender, close } = createFleetLock({
    settings: {
      baseUrl,
      caFile: undefined,
      clientCertFile: undefined,
      clientKeyFile: undefined,
      bearerFile: undefined,
      timeoutMs: 20_000,
      ...changes.settings,
    },
    node: {
      basearch: 'x86_64',
      stream: 'stable',
      platform: 'qemu',
      group: changes.group ?? 'workers',
      nodeUuid: changes.nodeUuid ?? NODE_ID,
    },
    root: changes.root ?? '/',
    userAgent: 'test',
    env: changes.env ?? {},
    clock: changes.clock ?? { now: () => Date.now(), monotonic: () => performance.now() },
    observer: {
      requested: (api) => heard.push(`requested ${api}`),
      failed: (api, kind) => heard.push(`failed ${api} ${kind}`),
      answered: () => undefined,
    },
  });
  return { lender, heard, [Symbol.asyncDispose]: close };
}
