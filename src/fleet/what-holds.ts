/** Why a simulated node is where it is, in one word and one sentence. Pure. */
import { firstCommonPass } from '../gates/first-pass.ts';
import type { FleetNode } from './fleet-node.ts';
import type { Stuck } from './outcome.ts';

/** Asked at the end of the plan, of a node that has not left the release that it began with. */
export function whatHolds(node: FleetNode): Omit<Stuck, 'nodes'> {
  const { sim } = node;
  const { state, memory } = sim.model;
  switch (state.name) {
    case 'EndState':
      return state.cause === 'disabled'
        ? { by: 'updates_disabled', reason: 'updates.enabled is false' }
        : { by: 'rebooting', reason: 'the reboot is under way' };
    case 'OffGraph':
      return { by: 'off_graph', reason: 'the booted release is not in the graph' };
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate':
      return notOffered(node);
    case 'UpdateAvailable':
      return {
        by: 'staging',
        reason:
          state.lastFailure === ''
            ? 'the release is being staged'
            : `it cannot be staged: ${state.lastFailure}`,
      };
    case 'UpdateFinalized':
      return { by: 'rebooting', reason: 'the reboot is under way' };
    case 'UpdateStaged': {
      const gates = node.explain();
      const blocking = gates.find(({ report }) => report.verdict !== 'pass');
      if (blocking !== undefined) {
        const { pass } = firstCommonPass(
          gates.map(({ passAfter }) => passAfter),
          sim.at,
        );
        const { gate, reason } = blocking.report;
        return pass === undefined
          ? { by: gate, reason: `${reason}; no instant within a year lets all gates pass` }
          : { by: gate, reason };
      }
      if (memory.loan !== undefined && memory.loan.kind !== 'granted' && state.holding.by === 'strategy') {
        return { by: 'fleet_lock', reason: memory.loan.reason };
      }
      return state.holding.by === 'sessions'
        ? { by: 'sessions', reason: 'people are logged in' }
        : { by: 'staged', reason: 'it is staged, and the reboot comes next' };
    }
  }
}

function notOffered(node: FleetNode): Omit<Stuck, 'nodes'> {
  const { denials } = node.sim.record;
  const denial = denials.at(-1);
  if (denial !== undefined) {
    return { by: 'denied', reason: `the agent leaves ${denial.version} alone: ${denial.reason}` };
  }
  const { skipped } = node.sim.model.memory.check;
  return skipped.length > 0
    ? { by: 'skipped', reason: `updates.skip rules out ${skipped.join(', ')}` }
    : { by: 'not_offered', reason: 'no release is offered to this node' };
}
