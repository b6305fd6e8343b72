/** Happenings and phrases side by side: what people and tools grep for, and the one fact that each hangs on. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { HappeningKind } from '../../../src/agent/happenings.ts';
import { linesOf } from '../../../src/report/log-lines.ts';
import { HAPPENING_SAMPLES } from '../../support/happening-samples.ts';

/** Zincati 0.0.32's own phrases, as kola's tests and operators' greps know them, and the happening of each. */
const ZINCATIS: readonly (readonly [RegExp, HappeningKind])[] = [
  [/^registering as the update driver for rpm-ostree$/, 'registering'],
  [/^initialization complete, auto-updates logic enabled$/, 'initialized'],
  [/^initialization complete, auto-updates logic disabled by configuration$/, 'updates-disabled'],
  [/^found \d+ other finalized deployments$/, 'others-excluded'],
  [/^deployment V \(\S+\) will be excluded from being a future update target$/, 'others-excluded'],
  [/^interactive sessions detected, entering grace period \(maximum 10 minutes\)$/, 'grace-begun'],
  [/^last attempt to wait for the end of all interactive sessions$/, 'grace-ending'],
  [/^reached end of grace period while waiting for interactive sessions$/, 'grace-over'],
  [/^reached steady state, periodically polling for updates$/, 'steady'],
  [/^target release 'V' selected, proceeding to stage it$/, 'selected'],
  [/^update staged: V$/, 'staged'],
  [/^staged deployment 'V' available, proceeding to finalize it$/, 'finalizing'],
  [/^update finalized: V$/, 'finalized'],
  [/^current release detected as dead-end, reason: R$/, 'deadend'],
  [/^current release detected as not a dead-end$/, 'no-deadend'],
  [/^Found \d+ possible update targets present in denylist; ignoring$/, 'targets-ignored'],
  [/^downgrade hint towards target release 'V'$/, 'downgrade-refused'],
  [/^update hint rejected, downgrades are not allowed by configuration$/, 'downgrade-refused'],
  [/^failed to check Cincinnati for updates: E$/, 'failing'],
  [/^failed to stage deployment: E$/, 'staging-failed'],
  [/^failed to finalize deployment: E$/, 'finalize-failed'],
  [/^booted deployment \S+ not found in the update graph/, 'off-graph'],
  [/^persistent deploy failure detected, target release 'V' abandoned/, 'abandoned'],
  [/^pending deployment V expected to be on stream 'A', but found 'B' instead$/, 'wrong-stream'],
  [/^abandoned and blocked deployment 'V'$/, 'blocked'],
];

interface Said {
  readonly kind: HappeningKind;
  readonly level: string;
  readonly text: string;
}

const SAID: readonly Said[] = Object.values(HAPPENING_SAMPLES)
  .flat()
  .flatMap((happening) =>
    linesOf(happening).map(({ level, text }) => ({ kind: happening.kind, level, text })),
  );

describe('each phrase of Zincati hangs on one happening', () => {
  it.each(ZINCATIS)('%s is said of %s alone', (phrase, kind) => {
    expect([...new Set(SAID.filter(({ text }) => phrase.test(text)).map((said) => said.kind))]).toEqual([
      kind,
    ]);
  });
});

describe('docs/logs.md', () => {
  const documentation = readFileSync(new URL('../../../docs/logs.md', import.meta.url), 'utf8');
  const documented = [...documentation.matchAll(/^\| `([^`]+)` \| (error|warn|info|debug) \|$/gm)].map(
    (match) => ({ phrase: match[1]!, level: match[2]! }),
  );
  /** Said of the configuration, by daemon/tell-configuration.ts and run-agent.ts; see their integration tests. */
  const OF_THE_DAEMON =
    /^(?:starting update agent|Cincinnati service|agent running on node|update strategy|the configuration was read again|metrics\.listen)/;
  const ofTheMachine = documented.filter(({ phrase }) => !OF_THE_DAEMON.test(phrase));

  it('has the phrases', () => {
    expect(documented.length).toBeGreaterThan(25);
    expect(ofTheMachine.length).toBeGreaterThan(20);
  });

  it.each(ofTheMachine)('"$phrase" is said of one happening, as $level', ({ phrase, level }) => {
    const pieces = phrase.split(/\bN\b/);
    const said = SAID.filter(({ text }) => pieces.every((piece) => text.includes(piece)));
    expect([...new Set(said.map(({ kind }) => kind))]).toHaveLength(1);
    expect(said.map((line) => line.level)).toContain(level);
  });
});

describe('what is said', () => {
  it('is this, side by side', async () => {
    const rows = Object.values(HAPPENING_SAMPLES)
      .flat()
      .map((happening) => {
        const lines = linesOf(happening);
        const said = lines.map(({ level, text }) => `${level.padEnd(5)} ${text}`);
        return [`${happening.kind}:`, ...(said.length === 0 ? ['(nothing)'] : said)].join('\n  ');
      });
    await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot('phrases.txt');
  });

  it('names what was compared where a stream is wrong', () => {
    const [line] = linesOf({
      kind: 'wrong-stream',
      release: HAPPENING_SAMPLES.selected[0]!.release,
      expected: 'next',
      found: 'stable',
    });
    expect(line?.text).toBe(
      "pending deployment V expected to be on stream 'next', but found 'stable' instead",
    );
  });

  it('does not call a transaction over that still runs', () => {
    const [running] = linesOf({ kind: 'transaction-running' });
    const [over] = linesOf({ kind: 'transaction-over' });
    expect([running?.text, over?.text]).toEqual([
      'the rpm-ostree transaction is still in progress',
      'the rpm-ostree transaction is over',
    ]);
  });

  it('makes text from outside printable', () => {
    const nasty = 'a\u001b[31m\nb';
    const release = { ...HAPPENING_SAMPLES.selected[0]!.release, version: nasty };
    const lines = [
      ...linesOf({ kind: 'selected', release }),
      ...linesOf({ kind: 'deadend', reason: nasty }),
      ...linesOf({ kind: 'following', title: nasty }),
      ...linesOf({ kind: 'graph-warning', text: nasty, repeated: false }),
      ...linesOf({ kind: 'sessions-seen', sessions: [{ user: nasty, tty: nasty }], repeated: false }),
      ...linesOf({ kind: 'wrong-stream', release, expected: nasty, found: nasty }),
      ...linesOf({ kind: 'staged-lost', release, replacedBy: nasty }),
      ...linesOf({ kind: 'off-graph', booted: nasty }),
    ];
    expect(lines.filter(({ text }) => /[\u0000-\u001f\u007f]/.test(text))).toEqual([]);
  });
});
