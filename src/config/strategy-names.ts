/** The strategies that an operator can name in `updates.strategy`. */

/** When several are named, all of them must allow a reboot. */
export const STRATEGY_NAMES = ['immediate', 'periodic', 'fleet_lock', 'marker', 'manual'] as const;
export type StrategyName = (typeof STRATEGY_NAMES)[number];
