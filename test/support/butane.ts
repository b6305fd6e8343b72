/**
 * Reads the part of YAML that the examples in examples/provisioning are written in: mappings, lists of mappings, plain
 * words, numbers, and texts behind `|`. Throws on anything else, so that what it returns is never a guess.
 */
import { DEFAULT_MODE, type PlacedFile } from './ignition.ts';

export type Node = string | number | readonly Node[] | { readonly [key: string]: Node };

interface Line {
  readonly indent: number;
  /** Without indentation. */
  readonly text: string;
  readonly number: number;
}

const KEY = /^([a-z_]+):(?: (.+))?$/;
/** What needs no quotes in any version of YAML, and is a text in all of them. */
const PLAIN = /^(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z/][A-Za-z0-9_./-]*$/;

export function readButane(text: string): Node {
  const raw = text.split('\n');
  const lines = raw.map((line, index): Line => {
    const indent = line.search(/[^ ]|$/);
    return { indent, text: line.slice(indent), number: index + 1 };
  });
  let at = 0;

  /** The next line that says something, without going beyond it. */
  function peek(): Line | undefined {
    while (at < lines.length && /^(?:#.*)?$/.test(lines[at]!.text)) at += 1;
    return lines[at];
  }

  function block(indent: number): Node {
    const isList = peek()?.text.startsWith('- ') ?? false;
    return isList ? list(indent) : mapping(indent);
  }

  function list(indent: number): Node {
    const entries: Node[] = [];
    for (let line = peek(); line?.indent === indent && line.text.startsWith('- '); line = peek()) {
      // The rest of the line is the first key of the entry, two columns further in.
      lines[at] = { ...line, indent: indent + 2, text: line.text.slice(2) };
      entries.push(mapping(indent + 2));
    }
    return entries;
  }

  function mapping(indent: number): Node {
    const entries: Record<string, Node> = {};
    for (let line = peek(); line?.indent === indent && !line.text.startsWith('- '); line = peek()) {
      const match = KEY.exec(line.text);
      if (match === null) throw unknown(line);
      const [, key = '', value] = match;
      if (Object.hasOwn(entries, key)) throw unknown(line);
      at += 1;
      if (value === '|') entries[key] = literal(indent);
      else if (value === undefined) entries[key] = nested(indent, line);
      else entries[key] = scalar(value, line);
    }
    return entries;
  }

  function nested(indent: number, line: Line): Node {
    const next = peek();
    if (next === undefined || next.indent <= indent) throw unknown(line);
    return block(next.indent);
  }

  /** Blank lines belong to it, comments do not exist in it, its first line sets how far it is indented. */
  function literal(indent: number): string {
    const own = lines[at]?.indent ?? 0;
    if (own <= indent) throw unknown(lines[at - 1]!);
    const taken: string[] = [];
    for (; at < lines.length && (lines[at]!.indent >= own || lines[at]!.text === ''); at += 1) {
      taken.push(raw[at]!.slice(own));
    }
    return `${taken.join('\n').replace(/\n*$/, '')}\n`;
  }

  const root = block(0);
  const left = peek();
  if (left !== undefined) throw unknown(left);
  return root;
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
  return [...files, ...dropIns].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function at(node: Node, ...keys: readonly string[]): Node | undefined {
  return keys.reduce<Node | undefined>(
    (here, key) => (typeof here === 'object' && !isList(here) ? here[key] : undefined),
    node,
  );
}

function textAt(node: Node, ...keys: readonly string[]): string {
  const found = at(node, ...keys);
  if (typeof found !== 'string') throw new Error(`${keys.join('.')} must be a text`);
  return found;
}

/** The entries of the list below those keys; none where it is not. */
function each(node: Node, ...keys: readonly string[]): readonly Node[] {
  const found = at(node, ...keys);
  return found !== undefined && isList(found) ? found : [];
}

function isList(node: Node): node is readonly Node[] {
  return Array.isArray(node);
}

function scalar(value: string, line: Line): Node {
  if (/^0[0-7]{3}$/.test(value)) return Number.parseInt(value, 8);
  if (/^\d+\.\d+\.\d+$/.test(value) || PLAIN.test(value)) return value;
  throw unknown(line);
}

function unknown({ number, text }: Line): Error {
  return new Error(`line ${number} must be YAML of the plainest kind, got ${JSON.stringify(text)}`);
}
