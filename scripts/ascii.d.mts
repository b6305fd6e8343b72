/** Types of ascii.mjs, for its tests. */
export const ascii: {
  readonly generateBundle: (
    options: unknown,
    bundle: Record<string, { readonly type: string; code: string }>,
  ) => void;
};
export function escaped(code: string): string;
