/** Names of container images as Docker and its heirs understand them. Pure. */

const DEFAULT_REGISTRY = 'docker.io';
/** The other name of the same registry. */
const OLD_REGISTRY = 'index.docker.io';

/**
 * The full name of an image: `fcos` and `docker.io/fcos` are `docker.io/library/fcos`, `me/fcos` is `docker.io/me/fcos`.
 * A name is short when its first part is no host: no dot, no port, not `localhost`. A path of a file is left as it is.
 */
export function fullImageName(name: string): string {
  if (name.startsWith('/')) {
    return name;
  }
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = hasRegistry && first !== OLD_REGISTRY ? first : DEFAULT_REGISTRY;
  const path = hasRegistry ? rest : [first, ...rest];
  const library = registry === DEFAULT_REGISTRY && path.length === 1 ? ['library'] : [];
  return [registry, ...library, ...path].join('/');
}
