/**
 * A request of a person, and SIGKILL of the built agent at each write below its state folder. That is before the request is in
 * the history, before the act, or before its end. It is neither run twice nor lost without a word.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { stagedDeployment } from '../../sandbox/stand-in.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { CUT_OFF, cutOffRequests } from '../../src/history/cut-off.ts';
import { historyFile, readHistory } from '../../src/history/history-log.ts';
import { peekRecord } from '../../src/history/record-store.ts';
import { zincati } from '../support/operator.ts';
import { ReleasedHost, type ReleasedHostOptions } from '../support/released-host.ts';

const KILLER = join(import.meta.dirname, '../support/kill-at-write.cjs');
const RARELY = 'agent.timing.steady_interval_secs = 3600\nagent.timing.retry_interval_secs = 3600\n';
const CLOSED = `${RARELY}updates.strategy = "periodic"
[[updates.periodic.window]]
days = ["${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7]!}"]
start_time = "3:00"
length_minutes = 60
`;
/** Each request writes fewer times than this. */
const MOST_WRITES = 60;

interface Wish {
  readonly words: readonly string[];
  readonly booted: ReleasedHostOptions['booted'];
  readonly config: string;
  /** So that the agent does nothing by itself. */
  readonly isServerSick?: true;
  readonly ready: RegExp;
  /** The next life rests. */
  readonly rests: RegExp;
  /** What the next life must not say before it rests. */
  readonly never: RegExp;
  /** How often what was asked for has been done. */
  readonly done: (root: string) => Promise<number>;
}

const WISHES: readonly Wish[] = [
  {
    words: ['hold', '--reason', 'backup'],
    booted: 'newest',
    config: RARELY,
    ready: /^debug NoNewUpdate: waiting/,
    rests: /^debug NoNewUpdate: waiting/,
    never: /: hold/,
    done: async (root) => (await peekRecord(root))?.holds.length ?? 0,
  },
  {
    words: ['update'],
    booted: 'oldest',
    config: CLOSED,
    isServerSick: true,
    ready: /^debug NoNewUpdate: waiting/,
    rests: /^debug (?:NoNewUpdate|UpdateStaged|UpdateAvailable): waiting/,
    never: /^debug UpdateAvailable: stage/,
    done: (root) => Promise.resolve(stagedDeployment(root) === undefined ? 0 : 1),
  },
  {
    words: ['reboot', '--override', 'window'],
    booted: 'oldest',
    config: CLOSED,
    ready: /^debug UpdateStaged: waiting/,
    rests: /^debug (?:UpdateStaged|EndState): waiting/,
    never: /proceeding to finalize it/,
    done: (root) => Promise.resolve(stagedDeployment(root)?.finalizationLocked === false ? 1 : 0),
  },
];

interface Life {
  /** It came to its end before the write did. */
  readonly isWhole: boolean;
  readonly code: number | null;
  readonly stderr: string;
  readonly done: number;
  readonly said: readonly string[];
  readonly outcomes: readonly unknown[];
  readonly taken: number;
  /** What a third life would tell once more. */
  readonly untold: number;
}

/** One request of a host of its own, with SIGKILL at write number `at`, and the life after that. */
async function liveWith(wish: Wish, at: number): Promise<Life> {
  await using host = await ReleasedHost.start({ booted: wish.booted, config: wish.config });
  const { root } = host;
  const sicken = (): void => {
    if (wish.isServerSick === true) {
      host.server.addFault({ kind: 'status', status: 500, remaining: 1 });
    }
  };
  sicken();
  const armed = join(root, 'armed');
  const agent = host.startAgent({
    NODE_OPTIONS: `--require=${KILLER}`,
    WRITE_AT: String(at),
    WRITE_ARMED: armed,
    WRITE_FOLDER: join(root, 'var/lib/zincati'),
  });
  await agent.says(wish.ready);
  await writeFile(armed, '');
  const { code, stderr } = await zincati(host, ...wish.words);
  const [, signal] = await agent.stop();
  await rm(armed);
  const done = await wish.done(root);
  sicken();
  const next = host.startAgent();
  await next.says(wish.rests);
  await next.stop();
  const { read } = await readHistory(historyFile(root));
  const requests = read.entries.filter(({ kind }) => kind === 'request').map(({ fields }) => fields);
  const outcomes = requests.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome]));
  return {
    isWhole: signal === null,
    code,
    stderr,
    done: Math.max(done, await wish.done(root)),
    said: next.said,
    outcomes,
    taken: requests.length - outcomes.length,
    untold: cutOffRequests(read.entries, 0).length,
  };
}

describe.concurrent('killed: at each write the request', () => {
  it.for(WISHES)('$words', { timeout: 300_000 }, async (wish, { expect }) => {
    const seen = new Set<string>();
    for (let at = 1; ; at += 1) {
      expect(at).toBeLessThan(MOST_WRITES);
      const life = await liveWith(wish, at);
      const { isWhole, code, stderr, done, said, outcomes, taken, untold } = life;
      const where = `write ${at}`;
      // Lost without a word: done, and nobody is told by whom.
      expect([where, taken]).toEqual([where, done > 0 ? 1 : taken]);
      expect([where, outcomes.length]).toEqual([where, taken]);
      expect([where, untold]).toEqual([where, 0]);
      // Run twice.
      expect([where, done]).toEqual([where, Math.min(done, 1)]);
      expect([where, said.filter((line) => wish.never.test(line) && !line.includes('cut off'))]).toEqual([
        where,
        [],
      ]);
      expect([where, code]).toEqual([where, code === EXIT.ok ? EXIT.ok : EXIT.noAgent]);
      if (code === EXIT.ok) {
        expect([where, done]).toEqual([where, 1]);
      } else {
        expect([where, stderr]).toEqual([where, expect.stringMatching(/^the agent /) as string]);
      }
      seen.add(taken === 0 ? 'before' : outcomes[0] === CUT_OFF ? `cut off, done ${done}` : 'told');
      if (isWhole) {
        expect(outcomes).toEqual(['done']);
        break;
      }
    }
    // Each of the places was met.
    expect([...seen].sort()).toEqual(['before', 'cut off, done 0', 'cut off, done 1', 'told']);
  });
});
