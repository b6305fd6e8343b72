/** A plugin for rolldown. */
export const ascii: {
  readonly name: string;
  readonly generateBundle: (
    options: unknown,
    bundle: Record<string, { readonly type: string; code: string }>,
  ) => void;
};
export function escaped(code: string): string;
