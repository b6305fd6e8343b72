/** org.freedesktop.LogControl1, which `systemctl service-log-level` speaks. Everybody may look; root may set. */
import type { Caller, ExportedInterface } from '../dbus/types.ts';
import type { LevelControl, LogLevel } from '../log/log.ts';
import { ROOT } from './limits.ts';
import { LOG_CONTROL_INTERFACE, LOG_CONTROL_PATH } from './names.ts';
import { denied, refused } from './refusals.ts';

/** Syslog's words, in its order, and ours. The first of each of ours is what is told. */
const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ['err', 'error'],
  ['warning', 'warn'],
  ['info', 'info'],
  ['debug', 'debug'],
  ['emerg', 'error'],
  ['alert', 'error'],
  ['crit', 'error'],
  ['notice', 'info'],
]);

export interface LogControlOptions {
  readonly log: LevelControl;
  readonly uidOf: (caller: Caller) => Promise<number>;
}

export function logControl({ log, uidOf }: LogControlOptions): ExportedInterface {
  return {
    path: LOG_CONTROL_PATH,
    name: LOG_CONTROL_INTERFACE,
    methods: [],
    properties: [
      {
        name: 'LogLevel',
        signature: 's',
        emits: 'false',
        get: () => wordOf(log.level()),
        set: async (value, caller) => {
          if ((await uidOf(caller)) !== ROOT) {
            throw denied('only root may set the log level; run `sudo systemctl service-log-level`');
          }
          const level = typeof value === 'string' ? LEVELS.get(value) : undefined;
          if (level === undefined) {
            throw refused('Invalid', `LogLevel must be one of ${[...LEVELS.keys()].join(', ')}`);
          }
          log.setLevel(level);
        },
      },
      { name: 'LogTarget', signature: 's', emits: 'false', get: () => log.target },
      { name: 'SyslogIdentifier', signature: 's', emits: 'const', get: () => 'zincati' },
    ],
  };
}

/** systemd knows nothing finer than `debug`. */
function wordOf(level: LogLevel): string {
  const found = [...LEVELS].find(([, own]) => own === level);
  return found?.[0] ?? 'debug';
}
