/** What a boot of the machine tells about the boots before it. Types only. */
import type { Target } from './release.ts';

/** What a boot says about the reboots and releases before it. */
export type BootFinding =
  | { readonly kind: 'booted-as-asked'; readonly target: Target }
  /** A reboot was asked for, and the machine came up in something else. Without `untilAt`: held for good. */
  | {
      readonly kind: 'reboot-missed';
      readonly target: Target;
      readonly booted: Target;
      readonly strikes: number;
      readonly untilAt?: number;
    }
  /** Somebody went back from `target` to `booted`. */
  | { readonly kind: 'rolled-back'; readonly target: Target; readonly booted: Target };
