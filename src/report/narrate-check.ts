/** What the answer of the update server means to a person who reads the log. Pure. */
import { printable } from '../errors.ts';
import { bootedName, info, name, type Line } from './line.ts';
import type { Event } from '../agent/messages.ts';
import type { Memory, Model } from '../agent/state.ts';
import { longDate, namesOf } from './status-text.ts';

type Checked = Extract<Event, { kind: 'checked' }>;

/** A check that was answered. */
export function aboutCheck(before: Model, event: Checked, after: Model): Line[] {
  return [
    ...aboutGraph(before.memory, after.memory, event),
    ...aboutSkipped(before.memory, after.memory, event),
    ...aboutLeaving(event, before, after),
  ];
}

/** Once in a run of long waits; each one that follows only to who debugs. */
export function aboutPuttingOff(was: Memory, is: Memory): Line[] {
  const { putOffUntilAt } = is.check;
  if (putOffUntilAt === undefined) {
    return [];
  }
  const level = was.check.putOffUntilAt === undefined ? 'info' : 'debug';
  return [{ level, text: `the update server is asked again at ${longDate(putOffUntilAt)}` }];
}

function aboutGraph(was: Memory, is: Memory, { result }: Checked): Line[] {
  const lines: Line[] = [];
  const { deadend } = result;
  const reason = deadend.isDeadend ? deadend.reason : undefined;
  const reasonBefore = was.deadend?.isDeadend === true ? was.deadend.reason : undefined;
  if (deadend.isDeadend && reason !== reasonBefore) {
    lines.push({
      level: 'warn',
      text: `current release detected as dead-end, reason: ${printable(deadend.reason)}`,
    });
  } else if (!deadend.isDeadend && was.deadend?.isDeadend !== false && result.outcome.kind !== 'off-graph') {
    lines.push(info('current release detected as not a dead-end'));
  }
  const said = was.check.answer === is.check.answer;
  const level = said ? 'debug' : 'info';
  if (result.ignoredTargets > 0) {
    lines.push({
      level,
      text: `Found ${result.ignoredTargets} possible update target(s) present in denylist; ignoring`,
    });
  }
  if (result.outcome.kind === 'downgrade-refused') {
    const target = name(result.outcome.release);
    lines.push({ level: said ? 'debug' : 'warn', text: `downgrade hint towards target release '${target}'` });
    lines.push({
      level: said ? 'debug' : 'warn',
      text: 'update hint rejected, downgrades are not allowed by configuration',
    });
  }
  for (const warning of result.warnings) {
    lines.push({ level: said ? 'debug' : 'warn', text: `update graph: ${printable(warning)}` });
  }
  return lines;
}

/** What the administrator denies, and whether there is a way around it. */
function aboutSkipped(was: Memory, is: Memory, { result }: Checked): Line[] {
  if (result.skipped.length === 0) {
    return [];
  }
  const stays =
    result.outcome.kind === 'no-update'
      ? `; nothing else is offered, the node stays on '${bootedName(is)}'`
      : '';
  return [
    {
      level: was.check.answer === is.check.answer ? 'debug' : 'warn',
      text: `${namesOf(result.skipped)} offered, but denied by the administrator (updates.skip)${stays}`,
    },
  ];
}

/** A release that is offered and not taken, because somebody staged something else. */
function aboutLeaving({ result }: Checked, before: Model, after: Model): Line[] {
  const staged = after.memory.host?.staged;
  if (result.outcome.kind !== 'update' || after.state.name !== 'NoNewUpdate' || staged === undefined) {
    return [];
  }
  const said =
    before.state.name === 'NoNewUpdate' && before.memory.check.answer === after.memory.check.answer;
  return [
    {
      level: said ? 'debug' : 'warn',
      text: `release '${name(result.outcome.release)}' is available, but somebody staged '${printable(staged.version)}': it is left as it is`,
    },
  ];
}
