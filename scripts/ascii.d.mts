/** Types of ascii.mjs, for its tests. */
export function escaped(code: string): string;
