// Changes in src/calendar that no test can notice.
const shortcut = 'a shortcut: the long way says the same';
const around =
  'two years around are more than any change needs, so that there is always one before and one after';
const types = 'a header without types is refused before';

export const equivalents = [
  {
    file: 'src/calendar/calendar.ts',
    was: 'constructor(windows: readonly CalendarWindow[], freezes: readonly FrozenSpan[] = []) {',
    becomes:
      'constructor(windows: readonly CalendarWindow[], freezes: readonly FrozenSpan[] = ["Stryker was here"]) {',
    why: 'a text begins and ends at no instant, so it freezes nothing',
  },
  {
    file: 'src/calendar/calendar.ts',
    was: 'if (first.untilAt < nearAt) {',
    becomes: 'if (false) {',
    why: shortcut,
  },
  {
    file: 'src/calendar/calendar.ts',
    was: 'if (first.untilAt < nearAt) { return first.untilAt; }',
    becomes: 'if (first.untilAt < nearAt) {}',
    why: shortcut,
  },
  {
    file: 'src/calendar/calendar.ts',
    was: 'return longer === undefined || longer.untilAt >= horizonAt ? undefined : longer.untilAt;',
    becomes: 'return false || longer.untilAt >= horizonAt ? undefined : longer.untilAt;',
    why: 'the span that is open now is found again',
  },
  {
    file: 'src/calendar/calendar.ts',
    was: 'const untilAt = Math.min(fromAt + days * DAY_MS, farthestAt);',
    becomes: 'const untilAt = Math.min(fromAt + days / DAY_MS, farthestAt);',
    why: 'the steps are doubled until they are large enough',
  },
  {
    file: 'src/calendar/describe-window.ts',
    was: "({ weekday, nth }) => `${nth === undefined ? '' : (ORDINALS[nth] ?? '')}${WEEKDAYS[weekday - 1] ?? ''}`,",
    becomes: "({ weekday, nth }) => `${false ? '' : (ORDINALS[nth] ?? '')}${WEEKDAYS[weekday - 1] ?? ''}`,",
    why: 'there is no ordinal of undefined',
  },
  {
    file: 'src/calendar/distinct-windows.ts',
    was: 'if (!first.has(definition)) {',
    becomes: 'if (true) {',
    why: 'a key that is set again keeps its place, and the windows are equal',
  },
  {
    file: 'src/calendar/lint.ts',
    was: 'const ends = spans.map((span) => span.untilAt).filter((end) => end < lastAt);',
    becomes: 'const ends = spans.map((span) => span.untilAt).filter((end) => end <= lastAt);',
    why: 'lastAt itself is looked at in any case',
  },
  {
    file: 'src/calendar/opens-on.ts',
    was: 'if (isWeekly(selector)) {',
    becomes: 'if (false) {',
    why: shortcut,
  },
  {
    file: 'src/calendar/opens-on.ts',
    was: 'if (isWeekly(selector)) { return true; }',
    becomes: 'if (isWeekly(selector)) {}',
    why: shortcut,
  },
  {
    file: 'src/calendar/opens-on.ts',
    was: 'for (let day = CYCLE_START_DAY; day < CYCLE_START_DAY + 7 * CYCLE_WEEKS; day++) {',
    becomes: 'for (let day = CYCLE_START_DAY; day <= CYCLE_START_DAY + 7 * CYCLE_WEEKS; day++) {',
    why: 'one more day is that of the next cycle, which is as the first',
  },
  {
    file: 'src/calendar/posix-rule.ts',
    was: 'const year = new Date(instant + standard.offsetMs).getUTCFullYear();',
    becomes: 'const year = new Date(instant - standard.offsetMs).getUTCFullYear();',
    why: around,
  },
  {
    file: 'src/calendar/posix-rule.ts',
    was: 'for (let near = year - YEARS_AROUND; near <= year + YEARS_AROUND; near++) {',
    becomes: 'for (let near = year - YEARS_AROUND; near < year + YEARS_AROUND; near++) {',
    why: around,
  },
  {
    file: 'src/calendar/posix-rule.ts',
    was: 'fromAt: since?.at ?? Number.NEGATIVE_INFINITY,',
    becomes: 'fromAt: since.at ?? Number.NEGATIVE_INFINITY,',
    why: around,
  },
  {
    file: 'src/calendar/posix-rule.ts',
    was: 'untilAt: until?.at ?? Number.POSITIVE_INFINITY,',
    becomes: 'untilAt: until.at ?? Number.POSITIVE_INFINITY,',
    why: around,
  },
  {
    file: 'src/calendar/posix-rule.ts',
    was: '...(since?.to ?? standard),',
    becomes: '...(since.to ?? standard),',
    why: around,
  },
  {
    file: 'src/calendar/schedule-length.ts',
    was: 'if (windows.every(isWeekly)) {',
    becomes: 'if (false) {',
    why: shortcut,
  },
  {
    file: 'src/calendar/schedule-length.ts',
    was: 'if (windows.every(isWeekly)) { return 1; }',
    becomes: 'if (windows.every(isWeekly)) {}',
    why: shortcut,
  },
  {
    file: 'src/calendar/tzif.ts',
    was: 'if (initial === undefined) {',
    becomes: 'if (false) {',
    why: types,
  },
  {
    file: 'src/calendar/tzif.ts',
    was: "if (initial === undefined) { throw new TzifError('there must be a type'); }",
    becomes: 'if (initial === undefined) {}',
    why: types,
  },
  {
    file: 'src/calendar/tzif.ts',
    was: "throw new TzifError('there must be a type');",
    becomes: ';',
    why: types,
  },
  {
    file: 'src/calendar/tzif.ts',
    was: 'return period.fromAt >= fromAt ? period : { ...period, fromAt };',
    becomes: 'return period.fromAt > fromAt ? period : { ...period, fromAt };',
    why: 'the same instant in place of itself',
  },
  {
    file: 'src/calendar/tzif.ts',
    was: 'if (bytes[at] !== 0x0a || end < 0) {',
    becomes: 'if (bytes[at] !== 0x0a || end <= 0) {',
    why: 'it is looked for behind the header',
  },
];
