/**
 * Windows that are given more than once, over several drop-ins for instance: they open as one. Pure.
 */
import type { MaintenanceWindow } from './maintenance-window.ts';

/** The same text for two windows that are open at the same times. */
export function definitionOf(window: MaintenanceWindow): string {
  const { days, months, daysOfMonth, startMinutes, lengthMinutes, timeZone } = window;
  return JSON.stringify(
    [days, months, daysOfMonth, startMinutes, lengthMinutes, timeZone].map((part) => part ?? null),
  );
}

/** Each once, the first ones, in their order. */
export function distinctWindows(windows: readonly MaintenanceWindow[]): readonly MaintenanceWindow[] {
  const first = new Map<string, MaintenanceWindow>();
  for (const window of windows) {
    const definition = definitionOf(window);
    if (!first.has(definition)) {
      first.set(definition, window);
    }
  }
  return [...first.values()];
}
