/** What the agent runs with: every setting with its final value. Deeply frozen. Types alone. */
import type { Freeze } from '../calendar/freeze.ts';
import type { MaintenanceWindow } from '../calendar/maintenance-window.ts';
import type { ListenAddress } from './checks.ts';
import type { StrategyName } from './strategy-names.ts';

export interface Settings {
  readonly timing: {
    readonly steadyIntervalMs: number;
    readonly retryIntervalMs: number;
    readonly jitter: boolean;
    readonly rebootOverdueMs: number;
    readonly transactionStallMs: number;
  };
  readonly identity: {
    readonly group: string;
    /** 32 lower-hex digits; undefined: derive it from the machine id. */
    readonly nodeUuid: string | undefined;
    readonly rolloutWariness: number | undefined;
    readonly platform: string | undefined;
    readonly stream: string | undefined;
  };
  readonly cincinnati: {
    /** With templates. Undefined only while updates are disabled. */
    readonly baseUrl: string | undefined;
  };
  readonly updates: {
    readonly enabled: boolean;
    readonly allowDowngrade: boolean;
    readonly catchUp: boolean;
    readonly replaceStagedByOthers: boolean;
    /** Releases that are never taken: versions, checksums of 64 lower-hex digits, digests `sha256:HEX`. Each once. */
    readonly skip: readonly string[];
    /** At least one, each once, in the order written, and `marker` where only its path is. All must allow a reboot. */
    readonly strategies: readonly StrategyName[];
    readonly periodic: {
      /** An IANA name or `localtime`. */
      readonly timeZone: string;
      readonly windows: readonly MaintenanceWindow[];
      readonly freezes: readonly Freeze[];
      /** 0: none. */
      readonly splayMinutes: number;
      /** Wanted in any 32 days; 0: whatever there is will do. */
      readonly minHours: number;
    };
    readonly fleetLock: {
      /** With templates. Defined whenever updates are enabled and `strategies` has `fleet_lock`. */
      readonly baseUrl: string | undefined;
      /** Absolute paths as the host sees them. The certificate and its key are both set or both not. */
      readonly caFile: string | undefined;
      readonly clientCertFile: string | undefined;
      readonly clientKeyFile: string | undefined;
      readonly bearerFile: string | undefined;
      readonly timeoutMs: number;
    };
    /** `path`: of the permission file, as the host sees it. */
    readonly marker: { readonly path: string };
    /** 0: no such hold. */
    readonly reboot: { readonly minUptimeMs: number; readonly firstBootGraceMs: number };
    readonly sessions: {
      /** What people who are logged in get, each time a reboot comes up. */
      readonly graceMinutes: number;
      /** The most that all of it may come to for one release. */
      readonly maxDelayMinutes: number;
      readonly neverWhileLoggedIn: boolean;
      readonly ignoreUsers: readonly string[];
    };
  };
  readonly metrics: { readonly listen: ListenAddress | undefined };
}
