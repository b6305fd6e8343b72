/** Faults of what people are told: at the end of the agent, on the way, on a terminal, by scripts. Each has what brings it back. */
import { parseArgs } from 'node:util';

import { replace, type PutBackFault } from '../fault.ts';

const TERMINAL = { project: 'integration', test: 'test/integration/terminal-commands.test.ts' } as const;
const REDRAWN = { project: 'unit', test: 'test/unit/cli/redrawn.test.ts' } as const;
const SURFACE = { project: 'unit', test: 'test/unit/daemon/agent-surface.test.ts' } as const;
const RECORD = { project: 'unit', test: 'test/unit/agent/record.test.ts' } as const;

/** As if no stream could fail. */
const unguarded = replace('src/cli/standard-streams.ts', 'out', () => (text) => {
  process.stdout.write(text);
});

export const TOLD_FAULTS: readonly PutBackFault[] = [
  {
    id: 'job-last-words',
    fault: 'who waits for a request hears nothing when the agent ends',
    changes: [replace('src/agent/request-ends.ts', 'endedWithAgent', () => () => [])],
    project: 'unit',
    test: 'test/unit/agent/runner.test.ts',
    named: 'job-last-words',
  },
  {
    id: 'last-words',
    fault: 'an agent that ends leaves no word of why',
    changes: [replace('src/history/last-words.ts', 'sayLastWords', () => () => undefined)],
    built: true,
    project: 'integration',
    test: 'test/integration/agent-end.test.ts',
    named: 'last-words: leaves word',
  },
  {
    id: 'last-words-kept',
    fault: 'an agent that runs is said to have ended',
    changes: [replace('src/history/last-words.ts', 'takeBackLastWords', () => () => undefined)],
    built: true,
    project: 'integration',
    test: 'test/integration/agent-end.test.ts',
    named: 'last-words: leaves word',
  },
  {
    id: 'status-hop',
    fault: 'nobody hears how far a node is on its way',
    changes: [replace('src/daemon/agent-surface.ts', 'hopOf', () => () => undefined)],
    ...SURFACE,
    named: 'status-hop',
  },
  {
    id: 'status-hop-sent',
    fault: 'the bus does not tell how far a node is on its way',
    changes: [replace('src/service/encode.ts', 'encodeTarget', (original) => (target) => original(target))],
    project: 'unit',
    test: 'test/unit/service/decode.test.ts',
    named: 'a snapshot',
  },
  {
    id: 'status-hop-over',
    fault: 'a way that has ended goes on in the next one',
    changes: [replace('src/agent/record.ts', 'atTheEnd', () => (record) => record)],
    ...RECORD,
    named: 'status-hop',
  },
  {
    id: 'status-since',
    fault: 'nobody hears since when a release is staged',
    changes: [replace('src/daemon/agent-surface.ts', 'stagedSinceAt', () => () => undefined)],
    ...SURFACE,
    named: 'status-since',
  },
  {
    id: 'status-since-moves',
    fault: 'each look at what is staged makes it younger',
    changes: [
      replace(
        'src/agent/record.ts',
        'stageSucceeded',
        (original) => (record, target, terms, id, at) =>
          original({ ...record, staged: undefined }, target, terms, id, at),
      ),
    ],
    ...RECORD,
    named: 'status-since',
  },
  {
    id: 'terminal-narrow',
    fault: 'lines that a narrower terminal has broken are counted as they were',
    changes: [replace('src/cli/redrawn.ts', 'rowsOf', () => () => 1)],
    ...REDRAWN,
    named: 'terminal-narrow',
  },
  {
    id: 'terminal-low',
    fault: 'more is drawn than a low terminal shows',
    changes: [replace('src/cli/redrawn.ts', 'rowsOf', () => () => 0)],
    ...REDRAWN,
    named: 'terminal-low',
  },
  {
    id: 'terminal-narrow-seen',
    fault: 'the same, on a terminal',
    changes: [replace('src/cli/redrawn.ts', 'rowsOf', () => () => 1)],
    built: true,
    ...TERMINAL,
    named: 'terminal-narrow',
  },
  {
    id: 'terminal-progress',
    fault: 'progress fills the terminal, line by line',
    changes: [
      replace(
        'src/cli/progress-text.ts',
        'progressLine',
        (original) => (progress, width) => original(progress, 10 * width),
      ),
    ],
    built: true,
    ...TERMINAL,
    named: 'terminal-progress',
  },
  {
    id: 'early-reader',
    fault: 'a reader that has seen enough gets a stack trace',
    changes: [unguarded],
    built: true,
    ...TERMINAL,
    named: 'early-reader',
  },
  {
    id: 'full-disk',
    fault: 'output that cannot be written is a stack trace',
    changes: [unguarded],
    built: true,
    ...TERMINAL,
    named: 'full-disk',
  },
  {
    id: 'script-ascii',
    fault: 'a text with a letter beyond ASCII is another one in the bundle',
    changes: [replace('scripts/ascii.mjs', 'escaped', () => (code) => code.replaceAll(/[^\0-\x7f]/g, 'e'))],
    project: 'unit',
    test: 'test/unit/scripts/ascii.test.ts',
    named: 'script-ascii',
  },
  {
    id: 'script-ascii-wide',
    fault: 'the bundle takes two bytes for each character, for as long as it runs',
    changes: [replace('scripts/ascii.mjs', 'escaped', () => (code) => code)],
    project: 'unit',
    test: 'test/unit/scripts/ascii.test.ts',
    named: 'script-ascii',
  },
  {
    id: 'demo-faults',
    fault: 'what the sandbox has put in is not counted',
    changes: [
      replace(
        'sandbox/injected-faults.ts',
        'InjectedFaults.of',
        () =>
          function () {
            return 0;
          },
      ),
    ],
    project: 'unit',
    test: 'test/unit/sandbox/injected-faults.test.ts',
    named: 'demo-faults',
  },
  {
    id: 'usage-own-words',
    fault: "a mistake in options is told in the runtime's words",
    changes: [
      replace('src/cli/given-options.ts', 'givenOptions', () => (config, refuse) => {
        try {
          return parseArgs(config);
        } catch (error) {
          return refuse(String(error));
        }
      }),
    ],
    project: 'unit',
    test: 'test/unit/cli/given-options.test.ts',
    named: 'usage-own-words',
  },
];
