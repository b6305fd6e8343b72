export const LAYOUTS: readonly string[];
export const PROGRAM: Readonly<Record<'usr' | 'local', string>>;
/** Without `node` or `addon`, the tree has none. `processor`: as Node names it; this machine's, if it is not given. */
export function layOut(
  destination: string,
  options: {
    readonly layout: 'usr' | 'local';
    readonly node?: string;
    readonly addon: string | undefined;
    readonly processor?: string;
  },
): void;
