/** Which happenings are kept in the record, for people who ask later. Pure. */
import type { Happening } from './happenings.ts';
import { plain, type HistoryEvent } from './record.ts';

/** `happening` as an entry of the record; undefined: it is not kept. */
export function historyOf(happening: Happening, at: number): HistoryEvent | undefined {
  switch (happening.kind) {
    case 'staged':
    case 'abandoned':
    case 'reboot-asked':
      return { at, kind: happening.kind, target: plain(happening.release) };
    case 'wrong-stream': {
      const why = `of stream ${happening.found ?? 'unknown'}, not ${happening.expected}`;
      return { at, kind: happening.kind, target: plain(happening.release), why };
    }
    case 'reboot-refused':
      return { at, kind: happening.kind, target: plain(happening.target), why: happening.why };
    case 'booted-as-asked':
      return { at, kind: happening.kind, target: plain(happening.target) };
    case 'reboot-missed':
    case 'rolled-back':
      return {
        at,
        kind: happening.kind,
        target: plain(happening.target),
        booted: plain(happening.booted),
      };
    // Named one by one, so that a new happening has to be decided on here.
    case 'waiting':
    case 'registering':
    case 'checking':
    case 'staging':
    case 'following':
    case 'finalizing':
    case 'working':
    case 'failing':
    case 'recovered':
    case 'state-changed':
    case 'reconfigured':
    case 'initialized':
    case 'others-excluded':
    case 'updates-disabled':
    case 'steady':
    case 'checked':
    case 'deadend':
    case 'no-deadend':
    case 'targets-ignored':
    case 'downgrade-refused':
    case 'graph-warning':
    case 'offers-skipped':
    case 'offer-left':
    case 'check-put-off':
    case 'off-graph':
    case 'on-graph-again':
    case 'selected':
    case 'staging-busy':
    case 'staging-failed':
    case 'foreign-staged':
    case 'foreign-gone':
    case 'staged-changed':
    case 'failed-one-dropped':
    case 'staged-other':
    case 'no-longer-offered':
    case 'transaction-over':
    case 'transaction-running':
    case 'transaction-lost':
    case 'blocked':
    case 'dropped':
    case 'drop-failed':
    case 'staged-lost':
    case 'staged-kept-off-graph':
    case 'staged-unoffered':
    case 'reboot-allowed':
    case 'reboot-held':
    case 'asking-failed':
    case 'slot-returned':
    case 'slot-kept':
    case 'slot-wait-over':
    case 'slot-given-up':
    case 'sessions-seen':
    case 'sessions-untold':
    case 'reboot-postponed':
    case 'grace-begun':
    case 'grace-ending':
    case 'grace-over':
    case 'finalize-failed':
    case 'finalized':
    case 'waiting-for-reboot':
    case 'reboot-overdue':
    case 'request-taken':
    case 'request-ended':
    case 'staging-cut-short':
    case 'staging-held':
      return undefined;
  }
}
