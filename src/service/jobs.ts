/**
 * Requests that take longer than a caller waits, as objects on the bus.
 *
 * Invariants:
 * - A job ends exactly once, and is gone KEPT_MS later.
 * - Jobs are bounded per user and in all. One that has ended makes room for a new one of the same user.
 * - A check that runs, or has just ended, is shared by all who ask for one.
 */
import type { Clock, Progress } from '../agent/ports.ts';
import type { Asker, Outcome, Request } from '../agent/requests.ts';
import { emitChanged } from '../dbus/properties.ts';
import {
  type BusLink,
  type Caller,
  type Dictionary,
  type ExportedInterface,
  Variant,
} from '../dbus/types.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { encodeProgress, encodeResult } from './encode.ts';
import { ROOT } from './limits.ts';
import {
  AGENT_INTERFACE,
  AGENT_PATH,
  JOB_INTERFACE,
  JOB_PATH_PREFIX,
  type JobKind,
  type JobState,
} from './names.ts';
import { refused } from './refusals.ts';

export const KEPT_MS = MINUTE_MS;
export const MOST_JOBS_OF_ONE = 8;
export const MOST_JOBS = 64;
/** Everybody may ask for a check, and the update server must not be asked again and again. */
export const CHECK_IS_FRESH_MS = 10 * SECOND_MS;

const NOTHING: Dictionary = new Map();

export interface Job {
  readonly path: string;
  readonly kind: JobKind;
  /** Everybody who asked for it. */
  readonly uids: Set<number>;
  readonly asker: Asker;
  state: JobState;
  progress: Progress | undefined;
  result: Dictionary;
  endedMono: number | undefined;
  /** Ends this job's request, and what it began. */
  readonly cancel: (by: Asker) => Promise<void>;
}

export interface Work {
  readonly kind: JobKind;
  readonly state: JobState;
  /** Resolves with the outcome, and never rejects. */
  readonly begin: () => { readonly request: Pick<Request, 'id'>; readonly ended: Promise<Outcome> };
  /** Ends the request with this id, and no other. */
  readonly cancel: (by: Asker, request: string) => Promise<void>;
}

export interface JobsOptions {
  readonly clock: Clock;
  /** Throws when the caller may not cancel a job of somebody else's. */
  readonly mayCancel: (caller: Caller, job: Job) => Promise<Asker>;
}

export class Jobs {
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #withdrawals = new Map<string, () => void>();
  readonly #life = new AbortController();
  #link: BusLink | undefined;
  #last = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** Serves the jobs on `link` until the returned function is called. */
  attach(link: BusLink): () => void {
    this.#link = link;
    for (const job of this.#jobs.values()) {
      this.#withdrawals.set(job.path, link.export(this.#interfaceOf(job)));
    }
    return () => {
      this.#withdrawals.forEach((withdraw) => withdraw());
      this.#withdrawals.clear();
      this.#link = undefined;
    };
  }

  /** The path of a check that `asker` can share: one that runs, or has just ended. Undefined: there is none. */
  shareCheck(asker: Asker): string | undefined {
    const nowMono = this.#options.clock.monotonic();
    const shared = [...this.#jobs.values()].find(
      ({ kind, endedMono }) =>
        kind === 'check' &&
        (endedMono === undefined || (asker.uid !== ROOT && nowMono - endedMono < CHECK_IS_FRESH_MS)),
    );
    shared?.uids.add(asker.uid);
    return shared?.path;
  }

  /** Throws BusError `LimitsExceeded`. */
  start(asker: Asker, { kind, state, begin, cancel }: Work): string {
    this.#makeRoom(asker);
    this.#last += 1;
    const path = `${JOB_PATH_PREFIX}${this.#last}`;
    const { request, ended } = begin();
    const job: Job = {
      path,
      kind,
      uids: new Set([asker.uid]),
      asker,
      state,
      progress: undefined,
      result: NOTHING,
      endedMono: undefined,
      cancel: (by) => cancel(by, request.id),
    };
    this.#jobs.set(path, job);
    if (this.#link !== undefined) {
      this.#withdrawals.set(path, this.#link.export(this.#interfaceOf(job)));
    }
    void ended.then((outcome) => this.#end(job, request.id, outcome));
    return path;
  }

  /** What is being staged has come further: undefined when nothing is. */
  progressed(progress: Progress | undefined): void {
    for (const job of this.#jobs.values()) {
      if (job.kind === 'stage' && job.endedMono === undefined && progress !== undefined) {
        const wasWaiting = job.state === 'waiting';
        job.state = 'running';
        job.progress = progress;
        this.#changed(job, wasWaiting ? ['State', 'Progress'] : ['Progress']);
      }
    }
  }

  /** Forgets all jobs. */
  close(): void {
    this.#life.abort();
  }

  #end(job: Job, request: string, outcome: Outcome): void {
    job.state = outcome.kind === 'done' ? 'done' : 'failed';
    job.result = encodeResult(request, outcome);
    job.endedMono = this.#options.clock.monotonic();
    this.#changed(job, ['State', 'Result']);
    this.#link?.sendSignal({
      path: AGENT_PATH,
      interface: AGENT_INTERFACE,
      member: 'JobDone',
      signature: 'oa{sv}',
      body: [job.path, job.result],
    });
    this.#options.clock.sleep(KEPT_MS, this.#life.signal).then(
      () => this.#remove(job.path),
      () => this.#remove(job.path),
    );
  }

  #remove(path: string): void {
    this.#jobs.delete(path);
    this.#withdrawals.get(path)?.();
    this.#withdrawals.delete(path);
  }

  #makeRoom({ uid }: Asker): void {
    const own = [...this.#jobs.values()].filter(({ asker }) => asker.uid === uid);
    if (own.length < MOST_JOBS_OF_ONE && this.#jobs.size < MOST_JOBS) {
      return;
    }
    const over = own.find(({ endedMono }) => endedMono !== undefined);
    if (over === undefined) {
      throw refused('LimitsExceeded', `at most ${MOST_JOBS_OF_ONE} jobs at a time; wait until one has ended`);
    }
    this.#remove(over.path);
  }

  #changed(job: Job, names: readonly string[]): void {
    if (this.#link !== undefined) {
      const properties = propertiesOf(job);
      const changed = properties.filter(({ name }) => names.includes(name));
      emitChanged(
        this.#link,
        job.path,
        JOB_INTERFACE,
        new Map(changed.map(({ name, signature, get }) => [name, new Variant(signature, get())])),
      );
    }
  }

  #interfaceOf(job: Job): ExportedInterface {
    return jobInterface(job, async (caller) => {
      const by = await this.#options.mayCancel(caller, job);
      if (job.endedMono !== undefined) {
        throw refused('TooLate', 'the job has ended');
      }
      await job.cancel(by);
    });
  }
}

/** Exported for the file of interfaces. */
export function jobInterface(job: Job, cancel: (caller: Caller) => Promise<void>): ExportedInterface {
  return {
    path: job.path,
    name: JOB_INTERFACE,
    methods: [
      {
        member: 'Cancel',
        in: '',
        out: '',
        handle: async (_args, caller) => {
          await cancel(caller);
          return [];
        },
      },
    ],
    properties: propertiesOf(job),
  };
}

function propertiesOf(job: Job) {
  return [
    { name: 'Kind', signature: 's', emits: 'const', get: () => job.kind },
    { name: 'State', signature: 's', get: () => job.state },
    { name: 'Progress', signature: 'a{sv}', get: () => encodeProgress(job.progress) },
    { name: 'Result', signature: 'a{sv}', get: () => job.result },
  ] as const;
}
