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
    /** 32 lower-case hexadecimal digits; undefined: to be derived from the machine id. */
    readonly nodeUuid: string | undefined;
    readonly rolloutWariness: number | undefined;
    readonly platform: string | undefined;
    readonly stream: string | undefined;
  };
  readonly cincinnati: {
    /** Contains templates. Undefined only while updates are disabled. */
    readonly baseUrl: string | undefined;
  };
  readonly updates: {
    readonly enabled: boolean;
    readonly allowDowngrade: boolean;
    readonly catchUp: boolean;
    readonly replaceStagedByOthers: boolean;
    /**
     * Releases to never take: versions, checksums of 64 lower-case hexadecimal digits, digests `sha256:HEX`. Each once.
     */
    readonly skip: readonly string[];
    /**
     * At least one, each once, in the order written; `marker` is added where its path is set. All must allow a reboot.
     */
    readonly strategies: readonly StrategyName[];
    readonly periodic: {
      /** An IANA name or `localtime`. */
      readonly timeZone: string;
      readonly windows: readonly MaintenanceWindow[];
      readonly freezes: readonly Freeze[];
      /** 0: no splay. */
      readonly splayMinutes: number;
      /** The fewest open hours in any 32 days; 0: no minimum. */
      readonly minHours: number;
    };
    readonly fleetLock: {
      /** Contains templates. Defined whenever updates are enabled and `strategies` has `fleet_lock`. */
      readonly baseUrl: string | undefined;
      /**
       * Paths are absolute, as the host sees them. The certificate and its key are either both set or both undefined.
       */
      readonly caFile: string | undefined;
      readonly clientCertFile: string | undefined;
      readonly clientKeyFile: string | undefined;
      readonly bearerFile: string | undefined;
      readonly timeoutMs: number;
    };
    /** `path`: the permission file, as the host sees it. */
    readonly marker: { readonly path: string };
    /** 0: no hold. */
    readonly reboot: { readonly minUptimeMs: number; readonly firstBootGraceMs: number };
    readonly sessions: {
      /** The time that people who are logged in get whenever a reboot is due. */
      readonly graceMinutes: number;
      /** The most that a release may be delayed for people in all. */
      readonly maxDelayMinutes: number;
      readonly neverWhileLoggedIn: boolean;
      readonly ignoreUsers: readonly string[];
    };
  };
  readonly metrics: { readonly listen: ListenAddress | undefined };
}
