/** Without `node`, the tree has none. */
export function layOutFleet(
  destination: string,
  options: { readonly layout: 'usr' | 'local'; readonly node: string | undefined },
): void;
