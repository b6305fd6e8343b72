/**
 * When a group lends: the windows and freezes of the agent's own strategy, for the whole group.
 *
 * Invariants:
 * - Freezes without a window leave the group open outside of them.
 * - The calendar follows the time zones of the host, looked at from time to time.
 */
import type { Freeze } from '../../src/calendar/freeze.ts';
import type { MaintenanceWindow } from '../../src/calendar/maintenance-window.ts';
import { MOST_WINDOWS_LOOKED_AT } from '../../src/calendar/lint.ts';
import { HostZones } from '../../src/calendar/zoneinfo.ts';
import type { Closed } from '../../src/lockd/terms.ts';
import { PeriodicGate } from '../../src/strategies/periodic.ts';
import type { PeriodicSchedule } from '../../src/strategies/periodic-schedule.ts';

export interface HoursSettings {
  /** An IANA name or `localtime`. */
  readonly timeZone: string;
  readonly windows: readonly MaintenanceWindow[];
  readonly freezes: readonly Freeze[];
}

export interface HoursOptions extends HoursSettings {
  /** Where the host's files are. */
  readonly root?: string;
  /** Told about time zones that cannot be read. */
  readonly warn: (text: string) => void;
}

/** Each day for two days: no change of offset leaves a gap. */
const ALWAYS: MaintenanceWindow = { startMinutes: 0, lengthMinutes: 2 * 24 * 60 };

export class GroupHours {
  readonly #gate: PeriodicGate;
  #schedule: PeriodicSchedule;

  private constructor(gate: PeriodicGate, schedule: PeriodicSchedule) {
    this.#gate = gate;
    this.#schedule = schedule;
  }

  /** Rejects with ConfigError when nobody knows a time zone of the settings. */
  static async create({ timeZone, windows, freezes, root = '/', warn }: HoursOptions): Promise<GroupHours> {
    // Loaded only here: groups without windows do not need it.
    const luxon = await import('../../src/calendar/luxon-zone.ts');
    const gate = new PeriodicGate({
      settings: {
        timeZone,
        windows: windows.length === 0 ? [ALWAYS] : windows,
        freezes,
        splayMinutes: 0,
        minHours: 0,
      },
      nodeUuid: '',
      zones: new HostZones({ root, builtIn: luxon.builtInZone, warn }),
      text: luxon,
    });
    return new GroupHours(gate, await gate.schedule());
  }

  /** Looks whether the host's time zones have changed. */
  async refresh(): Promise<void> {
    this.#schedule = await this.#gate.schedule();
  }

  /** Undefined: open. `nowAt`: wall clock, milliseconds. */
  closedAt(nowAt: number): Closed | undefined {
    const state = this.#schedule.calendar.stateAt(nowAt);
    return state.open ? undefined : { opensAt: state.nextAt, frozen: state.frozen?.reason };
  }

  /** What their author can hardly have meant, one sentence each. `section`: their table. */
  warningsAt(nowAt: number, section: string): readonly string[] {
    return this.#schedule.calendar.windows.length > MOST_WINDOWS_LOOKED_AT
      ? []
      : this.#schedule.warningsAt(nowAt, undefined, section);
  }
}
