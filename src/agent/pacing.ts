/**
 * How long the agent waits, and for what: every delay of the state machine. Pure; durations in milliseconds.
 *
 * The steady interval, the retry interval, the end state's interval and the jitter are Zincati's; the back-offs are ours.
 */
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../text/units.ts';

/** Deploy attempts before a target is abandoned. */
export const MAX_DEPLOY_ATTEMPTS = 12;
/** A reboot is put off for people who are logged in by this much at a time; how often, grace.ts says. */
export const POSTPONEMENT_MS = MINUTE_MS;
/** The end state looks up this often when nothing is expected to happen. */
export const END_INTERVAL_MS = 3 * HOUR_MS;
/** One following of somebody's transaction; then the agent looks around and follows again. */
export const FOLLOW_LIMIT_MS = 10 * MINUTE_MS;

/** Zincati's jitter: one hundredth of the interval, at least a second, times a roll of 0..10; up to 10 % of long ones. */
export function withJitter(baseMs: number, roll: number): number {
  const hundredthSecs = Math.max(Math.floor(baseMs / SECOND_MS / 100), 1);
  return baseMs + hundredthSecs * SECOND_MS * roll;
}

/**
 * The pause after somebody else's transaction: rpm-ostree reloads, and a reboot may have been asked for. It is also the
 * least pause between two looks when rpm-ostree says busy although nothing seems to run.
 */
export const AFTER_FOLLOW_MS = 10 * SECOND_MS;

/** 1 s, 2 s, 4 s ... 256 s. `failures` counts from 1. */
export function driverRetryMs(failures: number): number {
  return SECOND_MS * 2 ** Math.min(failures - 1, 8);
}

/** Reading deployments and giving back a slot: 5 s doubling to 5 minutes. */
export function adapterRetryMs(failures: number): number {
  return Math.min(5 * SECOND_MS * 2 ** Math.min(failures - 1, 10), 5 * MINUTE_MS);
}

/** Looking whether this boot is complete: 5 s doubling to a minute. `looks` counts from 1. */
export function bootLookMs(looks: number): number {
  return Math.min(adapterRetryMs(looks), MINUTE_MS);
}

/** A boot that is not complete by then must not keep a slot from the other nodes for ever. */
export const LONGEST_BOOT_WAIT_MS = 24 * HOUR_MS;
/** A slot may be held for so long without an answer that says so; then it is given back, and the attempt starts over. */
export const LONGEST_UNSURE_MS = 24 * HOUR_MS;
/** A reboot that a person asks for waits so long for a lender that asks for patience: a drain takes half an hour. */
export const LENDER_PATIENCE_MS = 40 * MINUTE_MS;
/** A lender that is no longer configured is tried so often, a week at five minutes each. */
export const MOST_FORMER_TRIES = (7 * 24 * HOUR_MS) / (5 * MINUTE_MS);

/** The first failures may be a network that is still coming up: they are tried again soon. */
const EARLY_RETRIES = 3;
const FIRST_CHECK_RETRY_MS = 30 * SECOND_MS;
const LONGEST_CHECK_BACKOFF_MS = HOUR_MS;

/**
 * The pause after the n-th failed update check in a row: 30 s, 1 min, 2 min, then the steady interval, doubling. The
 * longest is an hour, or the steady interval where that is longer. The server's Retry-After is a lower bound on top of it.
 */
export function checkRetryMs(failures: number, steadyMs: number, retryAfterMs: number | undefined): number {
  const early = failures <= EARLY_RETRIES;
  const own = early
    ? Math.min(FIRST_CHECK_RETRY_MS * 2 ** (failures - 1), steadyMs)
    : Math.min(
        steadyMs * 2 ** Math.min(failures - EARLY_RETRIES - 1, 20),
        Math.max(LONGEST_CHECK_BACKOFF_MS, steadyMs),
      );
  return Math.max(own, retryAfterMs ?? 0);
}

/** A staged release that the graph does not offer is asked about once more after this, before it is dropped. */
export const CONFIRM_WITHDRAWAL_MS = MINUTE_MS;

export const LONGEST_DENIAL_MS = 7 * 24 * HOUR_MS;
/** After a reboot that did not lead into its target: the second and last try. */
export const REBOOT_RETRY_MS = HOUR_MS;
/** A state file that cannot be written is tried again this often. */
export const SAVE_RETRY_MS = MINUTE_MS;

/** How long an abandoned target is left alone: an hour the first time, then 4, 16, 64 hours, at most a week. */
export function denialMs(strikes: number): number {
  return Math.min(HOUR_MS * 4 ** Math.min(strikes - 1, 10), LONGEST_DENIAL_MS);
}
