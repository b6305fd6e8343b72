/** The strategy of a fleet in the sandbox: turns with its lock server, and windows as short as they can be. Pure. */

/** `windows`: where they begin, in minutes of the day. Undefined: there are none. */
export function strategyConfig(windows: readonly number[] | undefined, lockUrl: string, now: Date): string {
  const names = windows === undefined ? '"fleet_lock"' : '["periodic", "fleet_lock"]';
  const lines = [
    `[updates]`,
    `strategy = ${names}`,
    '',
    '[updates.fleet_lock]',
    `base_url = ${JSON.stringify(lockUrl)}`,
  ];
  return `${lines.join('\n')}\n${windows === undefined ? '' : windowConfig(windows, now)}`;
}

/** Every second minute of the next hour, in minutes of the day in UTC: the shortest windows there are. */
export function windowStarts(now: Date): readonly number[] {
  const first = now.getUTCHours() * 60 + now.getUTCMinutes() + 1;
  return Array.from({ length: 30 }, (_, index) => (first + 2 * index) % 1440);
}

export function isWithin(windows: readonly number[], at: number): boolean {
  return windows.includes(Math.floor(at / 60_000) % 1440);
}

function windowConfig(windows: readonly number[], now: Date): string {
  const days = JSON.stringify([WEEKDAYS[now.getUTCDay()], WEEKDAYS[(now.getUTCDay() + 1) % 7]]);
  return windows
    .map(
      (start) =>
        `\n[[updates.periodic.window]]\ndays = ${days}\nstart_time = "${Math.floor(start / 60)}:${String(start % 60).padStart(2, '0')}"\nlength_minutes = 1\n`,
    )
    .join('');
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
