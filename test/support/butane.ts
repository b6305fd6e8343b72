/** What a Butane configuration puts onto a host. */
import { parse } from 'yaml';
import { DEFAULT_MODE, type PlacedFile } from './ignition.ts';

type Node = string | number | readonly Node[] | { readonly [key: string]: Node };

/** Reads like Butane: `0644` is octal, as in YAML 1.1, and a duplicate key is an error. */
export function readButane(text: string): Node {
  return parse(text, { version: '1.1' }) as Node;
}

/** The files that a Butane configuration describes, in the order of their paths. */
export function filesOfButane(text: string): PlacedFile[] {
  const root = readButane(text);
  const files = each(root, 'storage', 'files').map((file) => ({
    path: textAt(file, 'path'),
    mode: Number(at(file, 'mode')),
    text: textAt(file, 'contents', 'inline'),
  }));
  const dropIns = each(root, 'systemd', 'units').flatMap((unit) =>
    each(unit, 'dropins').map((dropIn) => ({
      path: `/etc/systemd/system/${textAt(unit, 'name')}.d/${textAt(dropIn, 'name')}`,
      mode: DEFAULT_MODE,
      text: textAt(dropIn, 'contents'),
    })),
  );
  const units = each(root, 'systemd', 'units')
    .filter((unit) => at(unit, 'contents') !== undefined)
    .map((unit) => ({
      path: `/etc/systemd/system/${textAt(unit, 'name')}`,
      mode: DEFAULT_MODE,
      text: textAt(unit, 'contents'),
    }));
  return [...files, ...dropIns, ...units].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function at(node: Node, ...keys: readonly string[]): Node | undefined {
  return keys.reduce<Node | undefined>(
    (here, key) => (typeof here === 'object' && !isList(here) ? here[key] : undefined),
    node,
  );
}

function textAt(node: Node, ...keys: readonly string[]): string {
  const found = at(node, ...keys);
  if (typeof found !== 'string') {
    throw new Error(`${keys.join('.')} must be a text`);
  }
  return found;
}

/** The entries of the list below those keys; none if there is no list. */
function each(node: Node, ...keys: readonly string[]): readonly Node[] {
  const found = at(node, ...keys);
  return found !== undefined && isList(found) ? found : [];
}

function isList(node: Node): node is readonly Node[] {
  return Array.isArray(node);
}
