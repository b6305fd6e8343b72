/** Faults of configuration and start that real hosts have shown; each with what brings it back. */
import { replace, type PutBackFault } from '../fault.ts';

const AWAITING = { project: 'unit', test: 'test/unit/daemon/await-configuration.test.ts' } as const;
const GIVEN_BACK = {
  built: true,
  project: 'integration',
  test: 'test/integration/slot-given-back.test.ts',
} as const;
const READINESS = { project: 'unit', test: 'test/unit/daemon/readiness.test.ts' } as const;

const isNever = (error: unknown): error is never => error === isNever;

export const CONFIGURATION_FAULTS: readonly PutBackFault[] = [
  {
    id: 'field-17',
    fault: 'a file that Afterburn has not written yet ends the agent for good',
    changes: [replace('src/daemon/await-configuration.ts', 'mayCome', () => isNever)],
    ...AWAITING,
    named: 'no file of attributes yet',
  },
  {
    id: 'F7-disabled',
    fault:
      'a node whose updates are disabled keeps a slot because the address of its update server is not known',
    changes: [replace('src/config/fill-attributes.ts', 'withoutUnneeded', () => (merged) => merged)],
    project: 'unit',
    test: 'test/unit/config/load-settings.test.ts',
    named: 'waits for no attribute',
  },
  {
    id: 'F7-facts',
    fault: 'a node whose updates are disabled needs to know a platform that it tells nobody',
    changes: [
      replace(
        'src/identity/identity.ts',
        'needsOfAgent',
        (original) => (settings) => original({ updates: { ...settings.updates, enabled: true } }),
      ),
    ],
    project: 'unit',
    test: 'test/unit/identity/identity.test.ts',
    named: 'F7-facts',
  },
  {
    id: 'F7-kind',
    fault: 'a slot is kept while the configuration cannot be used, or is waited for',
    changes: [replace('src/daemon/give-back-meanwhile.ts', 'owesSlot', () => () => false)],
    ...GIVEN_BACK,
    named: 'a drop-in is no TOML',
  },
  {
    id: 'F7-unread',
    fault: 'a node that cannot read its deployments keeps a slot of before',
    changes: [
      replace(
        'src/agent/rest.ts',
        'slotDueUntold',
        (original) => (model, policy) =>
          model.state.name === 'StartState' ? undefined : original(model, policy),
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/rest.test.ts',
    named: 'F7-unread',
  },
  {
    id: 'F7-asked',
    fault: 'a slot that the reboot under way needs is given back because the configuration is broken',
    changes: [
      replace(
        'src/daemon/give-back-meanwhile.ts',
        'owesSlot',
        () =>
          ({ slots }) =>
            slots.length > 0,
      ),
    ],
    ...GIVEN_BACK,
    named: 'F7-asked: while a reboot',
  },
  {
    id: 'B27-empty',
    fault: 'a file that Afterburn has only created ends the agent for good',
    changes: [
      replace(
        'src/config/fill-attributes.ts',
        'isNotWritten',
        () => (attributes) => attributes === undefined,
      ),
    ],
    ...AWAITING,
    named: 'B27: a file of attributes that is still empty',
  },
  {
    id: 'field-17-mend',
    fault: 'a mistake that only a person can mend is waited for without end',
    changes: [
      replace(
        'src/config/load-settings.ts',
        'loadSettings',
        (original) => (root) =>
          original(root).catch((error: unknown) => {
            throw Object.assign(error instanceof Error ? error : new Error(), { mayCome: true });
          }),
      ),
    ],
    ...AWAITING,
    named: 'field 17: what may come by itself',
  },
  {
    id: 'field-16',
    fault: 'an attribute whose value is an attribute ends up in the group as it is',
    changes: [
      replace('src/config/attributes.ts', 'readAttributes', (original) => async (root, neededBy) => {
        const attributes = await original(root, neededBy);
        return attributes && new Map([...attributes].map(([name, value]) => [name, value.replace('${', '')]));
      }),
    ],
    ...AWAITING,
    named: 'field 16',
  },
  {
    id: 'diff-3',
    fault: 'tests that look for the words of Zincati do not find them',
    changes: [
      replace(
        'src/report/log-lines.ts',
        'linesOf',
        (original) => (happening) =>
          original(happening).map((line) => ({
            ...line,
            text: line.text.replace(/targets? /, 'target(s) '),
          })),
      ),
    ],
    project: 'unit',
    test: 'test/unit/report/log-lines.test.ts',
    named: 'diff 3',
  },
  {
    id: 'diff-6',
    fault: 'a node that follows a short name is off the graph for ever',
    changes: [replace('src/text/image-name.ts', 'fullImageName', () => (name) => name)],
    project: 'unit',
    test: 'test/unit/text/image-name.test.ts',
    named: 'diff 6',
  },
  {
    id: 'diff-7',
    fault: 'a strategy of an earlier file cannot be taken back',
    changes: [
      replace(
        'src/config/checks.ts',
        'namesOutOf',
        (original) => (names) => (value, at) =>
          value === '' ? at.refuse('one of them', value) : original(names)(value, at),
      ),
    ],
    project: 'unit',
    test: 'test/unit/config/load-settings.test.ts',
    named: 'diff 7, field 15: strategy',
  },
  {
    id: 'field-15-time',
    fault: 'a time that Zincati takes ends the agent',
    changes: [
      replace(
        'src/config/maintenance-windows.ts',
        'clockTime',
        (original) => (value, at) =>
          typeof value === 'string' && !/^\d{1,2}:\d\d$/.test(value)
            ? at.refuse('a time of day', value)
            : original(value, at),
      ),
    ],
    project: 'unit',
    test: 'test/unit/config/fragment.test.ts',
    named: 'diff 7, field 15: takes',
  },
  {
    id: 'field-15-zone',
    fault: 'a file of the zones of the host ends the agent',
    changes: [
      replace(
        'src/config/checks.ts',
        'timeZone',
        (original) => (value, at) =>
          typeof value === 'string' && value.startsWith('posix/')
            ? at.refuse('a time zone', value)
            : original(value, at),
      ),
    ],
    project: 'unit',
    test: 'test/unit/config/checks.test.ts',
    named: 'field 15, diff 8: may be',
  },
  {
    id: 'diff-8-link',
    fault: 'nobody hears that a link which Zincati ignored has taken effect',
    changes: [replace('src/config/ignored-entry.ts', 'adviceForLink', () => () => '')],
    project: 'unit',
    test: 'test/unit/config/drop-ins.test.ts',
    named: 'diff 8: follows links',
  },
  {
    id: 'diff-8-path',
    fault: 'the path of a base address is lost',
    changes: [
      replace(
        'src/http/base-url.ts',
        'endpointBelow',
        (original) => (base, path, values) =>
          original(base.replace(/^(https?:\/\/[^/?]*)[^?]*/, '$1'), path, values),
      ),
    ],
    project: 'unit',
    test: 'test/unit/http/base-url.test.ts',
    named: 'diff 8: ',
  },
  {
    id: 'diff-9',
    fault: 'a lock server that says no counts as an error',
    changes: [
      replace('src/report/counting.ts', 'count', (original) => (metrics, happening, at) => {
        const isLock = happening.kind === 'reboot-held' && happening.label === 'fleet_lock';
        if (isLock) {
          metrics.finalizeAnswered('error');
        } else {
          original(metrics, happening, at);
        }
      }),
    ],
    project: 'unit',
    test: 'test/unit/report/reporter.test.ts',
    named: 'diff 9',
  },
  {
    id: 'diff-7-link',
    fault: 'a link that leads nowhere ends the agent',
    changes: [
      replace('src/config/ignored-entry.ts', 'adviceForDangling', () => (file) => {
        throw new Error(file);
      }),
    ],
    project: 'unit',
    test: 'test/unit/config/drop-ins.test.ts',
    named: 'diff 7: but not a link that leads nowhere',
  },
  {
    id: 'diff-4',
    fault: 'READY is told before anything is there',
    changes: [replace('src/daemon/readiness.ts', 'isBegun', () => () => true)],
    ...READINESS,
    named: 'diff 4: READY waits for the socket and the name',
  },
  {
    id: 'diff-4-held',
    fault: 'READY waits for whatever hangs',
    changes: [replace('src/daemon/readiness.ts', 'LONGEST_HOLD_MS', () => 600_000)],
    ...READINESS,
    named: 'diff 4: READY comes after 2 s',
  },
];
