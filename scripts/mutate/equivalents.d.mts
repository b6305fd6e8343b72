/** Types of equivalents.mjs, for its test. */
import type { Equivalent } from './noticed.mjs';
export const EQUIVALENTS: readonly Equivalent[];
