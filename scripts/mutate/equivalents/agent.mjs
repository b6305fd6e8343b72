// Changes in src/agent that no test can notice.
const READ = 'no step comes here before the deployments were read; the question is for the compiler';

export const equivalents = [
  {
    file: 'src/agent/denylist.ts',
    was: 'for (const deployment of host?.deployments ?? []) {',
    becomes: 'for (const deployment of host?.deployments ?? ["Stryker was here"]) {',
    why: 'a text has no payload, so it is left out',
  },
  {
    file: 'src/agent/request-outcomes.ts',
    was: "const to = wish.kind === 'stage' ? wish.to : undefined;",
    becomes: 'const to = true ? wish.to : undefined;',
    why: 'only the wish to stage comes here; the comparison is for the compiler',
  },
  {
    file: 'src/agent/request-outcomes.ts',
    was: 'if (to !== undefined && skipped.includes(to)) {',
    becomes: 'if (true && skipped.includes(to)) {',
    why: 'no version is undefined; the comparison is for the compiler',
  },
  {
    file: 'src/agent/requested.ts',
    was: "state.name === 'UpdateStaged' &&",
    becomes: 'true &&',
    why: 'no other state has the steps that follow; the comparison is for the compiler',
  },
  {
    file: 'src/agent/pressing.ts',
    was: "case 'reconcile': return undefined;",
    becomes: "case 'reconcile':",
    why: 'the function ends after the switch, with undefined as well',
  },
  {
    file: 'src/agent/pursuit.ts',
    was: 'stalledSinceAt !== undefined && Math.abs(pursuit.since.at - stalledSinceAt) < WORTH_WRITING_MS;',
    becomes: 'true && Math.abs(pursuit.since.at - stalledSinceAt) < WORTH_WRITING_MS;',
    why: 'a difference from nothing is no number, and so not less; the comparison is for the compiler',
  },
  {
    file: 'src/agent/remember.ts',
    was: "'release-failed': (memory, { failure, configured = false, returned = [], left = [] }, now) => {",
    becomes:
      '\'release-failed\': (memory, { failure, configured = false, returned = ["Stryker was here"], left = [] }, now) => {',
    why: 'a text is no place, and was never granted',
  },
  {
    file: 'src/agent/remember.ts',
    was: 'const { kinds = [] } = streak ?? {};',
    becomes: 'const { kinds = ["Stryker was here"] } = streak ?? {};',
    why: 'no failure is of such a kind',
  },
  {
    file: 'src/agent/rest.ts',
    was: "return holding.by === 'strategy' ? holding.untilAt : undefined;",
    becomes: 'return true ? holding.untilAt : undefined;',
    why: 'no other holding has an end; the comparison is for the compiler',
  },
  {
    file: 'src/agent/health.ts',
    was: 'export function healthOf(model: Model, now: Moment, refused?: Moment, skip: readonly string[] = []): Health {',
    becomes:
      'export function healthOf(model: Model, now: Moment, refused?: Moment, skip: readonly string[] = ["Stryker was here"]): Health {',
    why: 'no release has such a name',
  },
  {
    file: 'src/agent/reconfigure.ts',
    was: "if (state.name !== 'UpdateStaged' || state.step !== 'finalize' || asked === undefined) {",
    becomes: "if (false || state.step !== 'finalize' || asked === undefined) {",
    why: 'no other state has that step; the comparison is for the compiler',
  },
  {
    file: 'src/agent/states/start-state.ts',
    was: 'return recorded(memory, hasMoved && stalledSinceAt !== undefined ? rest : record);',
    becomes: 'return recorded(memory, hasMoved && true ? rest : record);',
    why: 'without that instant the rest is the whole record, and it is written either way',
  },
  {
    file: 'src/agent/beginning.ts',
    was: "state.name === 'UpdateStaged' && state.holding.by === 'failure' && state.holding.asked === true;",
    becomes: "state.name === 'UpdateStaged' && true && state.holding.asked === true;",
    why: 'only a failure comes of what was asked for; the comparison is for the compiler',
  },
  {
    file: 'src/agent/states/polling.ts',
    was: "turn.tell({ kind: 'on-graph-again', booted: memory.host?.booted.version ?? 'unknown' });",
    becomes: "turn.tell({ kind: 'on-graph-again', booted: memory.host.booted.version ?? 'unknown' });",
    why: READ,
  },
  {
    file: 'src/agent/states/polling.ts',
    was: 'const staged = memory.host?.staged;',
    becomes: 'const staged = memory.host.staged;',
    why: READ,
  },
  {
    file: 'src/agent/states/polling.ts',
    was: 'return memory.host?.staged !== undefined && foreignStaged(memory) === undefined;',
    becomes: 'return memory.host.staged !== undefined && foreignStaged(memory) === undefined;',
    why: READ,
  },
  {
    file: 'src/agent/states/polling.ts',
    was: "turn.tell({ kind: 'off-graph', booted: turn.memory.host?.booted.version ?? 'unknown' });",
    becomes: "turn.tell({ kind: 'off-graph', booted: turn.memory.host.booted.version ?? 'unknown' });",
    why: READ,
  },
  {
    file: 'src/agent/taken-up.ts',
    was: 'unlocked: memory.host?.staged?.finalizationLocked === false,',
    becomes: [
      'unlocked: memory.host?.staged.finalizationLocked === false,',
      'unlocked: memory.host.staged?.finalizationLocked === false,',
    ],
    why: 'what is taken up was read as staged; the questions are for the compiler',
  },
];
