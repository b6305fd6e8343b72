/** Recognises windows that are configured more than once, for example in several drop-ins. They open as one. Pure. */
import type { MaintenanceWindow } from './maintenance-window.ts';

/** A text that is equal for two windows with the same definition. */
export function definitionOf(window: MaintenanceWindow): string {
  const { days, months, daysOfMonth, startMinutes, lengthMinutes, timeZone } = window;
  return JSON.stringify(
    [days, months, daysOfMonth, startMinutes, lengthMinutes, timeZone].map((part) => part ?? null),
  );
}

/** Each window once, in the order of first appearance. */
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
