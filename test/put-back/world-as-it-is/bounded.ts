/** Faults by which text from outside costs memory, time, secrets or the agent itself; each with what brings it back. */
import { replace, setting, type PutBackFault } from '../fault.ts';

const UNIT = { project: 'unit' } as const;
const JSON_TEST = 'test/unit/text/bounded-json.test.ts';

export const BOUNDED_FAULTS: readonly PutBackFault[] = [
  {
    id: 'F2-json',
    fault: 'JSON is built whatever its shape is',
    changes: [replace('src/text/bounded-json.ts', 'checkJson', () => () => undefined)],
    ...UNIT,
    test: JSON_TEST,
    named: 'F2: each limit',
  },
  {
    id: 'F2-graph-walk',
    fault: 'a graph that is read in one pass may have any number of values, and anything behind it',
    changes: [replace('src/text/json-walk.ts', 'JsonWalk.end', () => () => undefined)],
    ...UNIT,
    test: 'test/unit/cincinnati/graph/graph-reader.test.ts',
    named: 'F2: with',
  },
  {
    id: 'F2-drop-ins',
    fault: 'all drop-ins together may have any size',
    changes: [replace('src/config/drop-ins.ts', 'MAX_TOTAL_BYTES', () => 1e12)],
    ...UNIT,
    test: 'test/unit/config/drop-ins.test.ts',
    named: 'F2: files that are too much together',
  },
  {
    id: 'F2-line',
    fault: 'what frames an answer costs any number of bytes, and memory beyond the ceiling',
    changes: [
      replace(
        'src/http/line-bytes.ts',
        'LineBytes.isTooMuch',
        () =>
          function () {
            return false;
          },
      ),
    ],
    project: 'unit',
    test: 'test/unit/http/line-bytes.test.ts',
    named: 'F2-line',
  },
  {
    id: 'F2-bus',
    fault: 'a message of any size is kept whole, whoever sent it',
    changes: [replace('src/dbus/frames.ts', 'mostBytesOf', () => () => Number.POSITIVE_INFINITY)],
    ...UNIT,
    test: 'test/unit/dbus/frames.test.ts',
    named: 'bytes is passed over, and the stream goes on',
  },
  {
    id: 'F2-failed-unit',
    fault: 'a unit that crashed often enough stays failed for good',
    changes: [setting('systemd/zincati.service', 'Unit', 'StartLimitIntervalSec', () => ['30min'])],
    ...UNIT,
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'F2: never gives up after crashes',
  },
  {
    id: 'F2-failed-unit-host',
    fault: 'the same, on a host',
    changes: [
      setting('systemd/zincati.service', 'Unit', 'StartLimitIntervalSec', () => ['30min']),
      setting('systemd/zincati.service', 'Unit', 'StartLimitBurst', () => ['5']),
    ],
    project: 'system',
    test: 'test/system/host.test.ts',
    named: 'F2: crash after crash',
  },
  {
    id: 'F2-no-rest',
    fault: 'an agent that crashes again and again goes to work again at once',
    changes: [replace('src/history/crash-count.ts', 'restMs', () => () => 0)],
    ...UNIT,
    test: 'test/unit/history/crash-count.test.ts',
    named: 'make the agent rest',
  },
  {
    id: 'field-19',
    fault: 'the TOML library is given whatever a file has',
    changes: [replace('src/config/toml-shape.ts', 'tooMuchIn', () => () => undefined)],
    ...UNIT,
    test: 'test/unit/config/toml-shape.test.ts',
    named: 'field 19: what keeps the TOML library busy',
  },
  {
    id: 'field-19-quotes',
    fault: 'a text over lines that ends with a quote hides the rest of its line from the count',
    changes: [
      replace('src/config/toml-shape.ts', 'endOfString', (original) => (text, from, quote) => {
        const marks = quote.repeat(3);
        const end = original(text, from, quote);
        return text.startsWith(marks, from) ? text.indexOf(marks, from + 3) + 3 : end;
      }),
    ],
    ...UNIT,
    test: 'test/unit/config/toml-shape.test.ts',
    named: 'tables behind a text that ends with a quote',
  },
  {
    id: 'F15',
    fault: 'an edge that nests is described to its last bracket',
    changes: [
      replace('src/cincinnati/graph/graph.ts', 'describe', (original) => {
        const whole = (value: unknown): string =>
          Array.isArray(value) ? `[${value.map(whole).join(', ')}]` : original(value);
        return whole;
      }),
    ],
    ...UNIT,
    test: 'test/unit/cincinnati/graph/graph.test.ts',
    named: 'F15: one that nests 20,000 deep',
  },
  {
    id: 'F12',
    fault: 'an address is shown as it is written',
    changes: [replace('src/text/shown-address.ts', 'shownAddress', () => (text) => text)],
    ...UNIT,
    test: 'test/unit/text/shown-address.test.ts',
    named: 'is hidden',
  },
  {
    id: 'F12-refused',
    fault: 'a refusal repeats the value of an address key',
    changes: [replace('src/config/checker.ts', 'ADDRESS_KEY', () => /$^/)],
    ...UNIT,
    test: 'test/unit/config/address-secrets.test.ts',
    named: 'is not repeated when it is',
  },
  {
    id: 'F10',
    fault: 'a record that cannot be read for now is put aside as bad',
    changes: [replace('src/history/record-store.ts', 'isForNow', () => () => false)],
    ...UNIT,
    test: 'test/unit/history/record-store.test.ts',
    named: 'F10: a state file that cannot be read for now',
  },
  {
    id: 'F13',
    fault: 'nobody sees that another agent is at work',
    changes: [
      replace(
        'src/history/folder-lock.ts',
        'lockFolder',
        () => () => Promise.resolve({ kind: 'held', file: '', release: () => Promise.resolve() }),
      ),
    ],
    ...UNIT,
    test: 'test/unit/history/folder-lock.test.ts',
    named: 'F13: the lock on the state folder',
  },
  {
    id: 'diff-2',
    fault: 'anybody may start the agent by hand',
    changes: [replace('src/host/process-user.ts', 'requireUser', () => () => undefined)],
    ...UNIT,
    test: 'test/unit/host/process-user.test.ts',
    named: 'diff 2: the user of the agent',
  },
  {
    id: 'field-9',
    fault: 'an unasked 100 Continue reaches the parser, which ends the connection',
    changes: [replace('src/http/continue-filter.ts', 'ContinueFilter.pass', () => (chunk) => chunk)],
    ...UNIT,
    test: 'test/unit/http/continue-filter.test.ts',
    named: 'field 9: the filter',
  },
  {
    id: 'field-10',
    fault: 'what a server says in plain text is not passed on',
    changes: [
      replace('src/http/error-document.ts', 'errorDocument', (original) => (body) => {
        const found = original(body);
        return 'kind' in found ? found : {};
      }),
    ],
    project: 'integration',
    test: 'test/integration/cincinnati.test.ts',
    named: 'field 10: in plain text',
  },
];
