/**
 * Work that root does with the rights of the agent's user, and no more.
 *
 * Members of group zincati may write drop-ins. With a drop-in they can name any file as a token, and any server as the
 * one that gets it. So root reads such files, and talks to such servers, as user zincati would.
 *
 * Invariants:
 * - While the work runs, no file opens for this process that user zincati cannot open.
 * - Afterwards this process has its rights back, however the work ended.
 * - Only one piece of work runs at a time, and nothing else does meanwhile.
 */
import { USER } from './process-user.ts';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- so are the types of Node written
  namespace NodeJS {
    interface Process {
      /** Missing in the types of Node. */
      initgroups?: (user: string | number, extraGroup: string | number) => void;
    }
  }
}

/** The calls of `process` that are needed. */
export interface Credentials {
  geteuid(): number;
  getegid(): number;
  getgroups(): readonly number[];
  /** By name; throws an error of Node for a user that does not exist. */
  initgroups(user: string, group: string): void;
  setgroups(groups: readonly number[]): void;
  setegid(group: string | number): void;
  seteuid(user: string | number): void;
}

/** `root`: with another one than "/", and for anybody but root, the rights stay as they are. */
export async function asAgent<Result>(
  root: string,
  work: () => Promise<Result>,
  { credentials = ownCredentials(), user = USER }: { credentials?: Credentials; user?: string } = {},
): Promise<Result> {
  if (!/^\/+$/.test(root) || credentials.geteuid() !== 0) {
    return work();
  }
  const group = credentials.getegid();
  const groups = credentials.getgroups();
  try {
    credentials.initgroups(user, user);
    credentials.setegid(user);
    // The last one, since only root may do the others.
    credentials.seteuid(user);
    return await work();
  } finally {
    credentials.seteuid(0);
    credentials.setegid(group);
    credentials.setgroups(groups);
  }
}

function ownCredentials(): Credentials {
  const { geteuid, getegid, getgroups, initgroups, setgroups, setegid, seteuid } = process;
  const missing = (): never => {
    throw new Error('this system must have users');
  };
  return {
    geteuid: () => geteuid?.() ?? missing(),
    getegid: () => getegid?.() ?? missing(),
    getgroups: () => getgroups?.() ?? missing(),
    initgroups: (user, group) => (initgroups ?? missing)(user, group),
    setgroups: (groups) => (setgroups ?? missing)(groups),
    setegid: (group) => (setegid ?? missing)(group),
    seteuid: (user) => (seteuid ?? missing)(user),
  };
}
