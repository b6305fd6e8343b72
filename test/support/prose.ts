/**
 * The project's prose, sentence by sentence: comments of the sources, and paragraphs, list items and table
 * cells of Markdown.
 *
 * Invariants:
 * - Code does not count: fenced and indented blocks are left out, and inline code or an address is one word.
 * - A sentence ends at `.`, `!` or `?`, and with its paragraph, list item or cell. Semicolons and colons do
 *   not end it.
 * - Text in a string or a template is not a comment.
 */
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The smallest number of words that is too many for a sentence. */
export const TOO_MANY_WORDS = 25;

/** One comment, or the text of a whole Markdown file. */
interface Passage {
  /** Number of its first line, counted from 1. */
  readonly line: number;
  /** The text without comment signs. */
  readonly text: string;
}

/** A paragraph, a list item or a table cell. No sentence goes beyond it. */
type Block = Passage;

export interface Sentence {
  readonly line: number;
  readonly words: number;
  readonly text: string;
}

/**
 * Every file with prose in `folder`, or `folder` itself if it is a file. Paths are relative to the project,
 * and sorted.
 */
export function proseFiles(folder = '.'): string[] {
  const isFile = (name: string): boolean => statSync(path.join(ROOT, name)).isFile();
  const names = isFile(folder)
    ? [folder]
    : globSync(path.posix.join(folder, '**/*'), {
        cwd: ROOT,
        exclude: (name) => /^(?:node_modules|dist|out|coverage|licences|\.git|\.ci)$/.test(name),
      });
  return names.filter((name) => readerOf(name) !== undefined && isFile(name)).toSorted();
}

/** Every sentence of the file `name`, a path relative to the project. */
export function sentencesIn(name: string): Sentence[] {
  return sentencesOf(name, readFileSync(path.join(ROOT, name), 'utf8'));
}

/** Every sentence of a text with this file name; none if such files have no prose. */
export function sentencesOf(name: string, text: string): Sentence[] {
  const passages = readerOf(name)?.(text) ?? [];
  return passages.flatMap(blocksOf).flatMap(splitSentences);
}

/** `FILE:LINE: N words: SENTENCE` for each sentence that is too long. */
export function longSentences(name: string): string[] {
  return sentencesIn(name)
    .filter(({ words }) => words >= TOO_MANY_WORDS)
    .map(({ line, words, text }) => `${name}:${line}: ${words} words: ${text}`);
}

/**
 * What is wrong with the invariants in the head comment of a TypeScript source; undefined if they are right.
 */
export function invariantsFault(name: string, source: string): string | undefined {
  const head = scriptComments(source)[0];
  const lines = head?.text.split('\n') ?? [];
  const at = lines.findIndex((line) => /\bInvariants\b[^:]*:/.test(line));
  if (at === -1) {
    return undefined;
  }
  const place = `${name}:${(head?.line ?? 1) + at}`;
  if (!/:$/.test(lines[at] ?? '')) {
    return `${place}: nothing may follow "Invariants:" on its line`;
  }
  return /^[-*] /.test(lines[at + 1] ?? '')
    ? undefined
    : `${place}: the line after "Invariants:" must be a bullet`;
}

type Reader = (text: string) => Passage[];

function readerOf(name: string): Reader | undefined {
  const found = READERS.find(([pattern]) => pattern.test(path.posix.basename(name)));
  return found?.[1];
}

const READERS: readonly (readonly [RegExp, Reader])[] = [
  [/\.md$/, (text) => [{ line: 1, text }]],
  [/\.(?:ts|mjs|rules)$/, scriptComments],
  [/\.py$/, pythonComments],
  [/^org\..*\.conf$|\.policy$/, markupComments],
  [/\.(?:sh|toml|service|preset|conf|bu|spec|ya?ml)$|^zincati(?:-update-now)?$/, hashComments],
];

/** Comments of TypeScript or JavaScript. The parser tells them from strings, templates and regular expressions. */
function scriptComments(text: string): Passage[] {
  const source = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, false);
  const ranges = new Map<number, ts.CommentRange>();
  const collect = (node: ts.Node): void => {
    const children = node.getChildren(source);
    if (children.length > 0) {
      children.forEach(collect);
      return;
    }
    // Comments are before and after a token. Inside a token there is only text.
    const found = [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ];
    found.forEach((range) => ranges.set(range.pos, range));
  };
  collect(source);
  const comments = [...ranges.values()]
    .toSorted((a, b) => a.pos - b.pos)
    .map((range) => ({
      line: source.getLineAndCharacterOfPosition(range.pos).line + 1,
      text: text.slice(range.pos, range.end),
      alone: /^[^\S\n]*$/.test(text.slice(text.lastIndexOf('\n', range.pos - 1) + 1, range.pos)),
    }));
  return joinLines(
    comments.map(({ line, text: comment, alone }) =>
      comment.startsWith('//')
        ? { line, text: comment.replace(/^\/\/ ?/, ''), alone, joins: true }
        : { line, text: withoutStars(comment), alone, joins: false },
    ),
  );
}

function withoutStars(comment: string): string {
  return comment
    .replace(/^\/\*\*? ?/, '')
    .replace(/\s*\*\/$/, '')
    .split('\n')
    .map((line, index) => (index === 0 ? line : line.replace(/^\s*\* ?/, '')))
    .join('\n');
}

interface CommentLine extends Passage {
  /** True if nothing else is on its line. */
  readonly alone: boolean;
  /** True if it can be part of a comment that has several such lines. */
  readonly joins: boolean;
}

/** Joins comments on consecutive lines into one passage. */
function joinLines(lines: readonly CommentLine[]): Passage[] {
  const passages: { line: number; text: string; end: number; open: boolean }[] = [];
  for (const { line, text, alone, joins } of lines) {
    const last = passages.at(-1);
    const open = alone && joins;
    if (last !== undefined && last.open && open && line === last.end + 1) {
      last.text += `\n${text}`;
      last.end = line;
    } else {
      passages.push({ line, text, end: line, open });
    }
  }
  return passages.map(({ line, text }) => ({ line, text }));
}

/** Comments and docstrings of Python: a string of three quotes that begins a line is a docstring. */
function pythonComments(text: string): Passage[] {
  const found: CommentLine[] = [];
  const token = /("""|''')(?:[^\\]|\\.)*?\1|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|#[^\n]*/gs;
  for (const match of text.matchAll(token)) {
    const lineStart = text.lastIndexOf('\n', match.index - 1) + 1;
    const alone = text.slice(lineStart, match.index).trim() === '';
    const line = text.slice(0, match.index).split('\n').length;
    if (match[0].startsWith('#') && !match[0].startsWith('#!')) {
      found.push({ line, text: match[0].replace(/^# ?/, ''), alone, joins: true });
    } else if (match[1] !== undefined && alone) {
      found.push({ line, text: unindent(match[0].slice(3, -3)), alone, joins: false });
    }
  }
  return joinLines(found);
}

/** Removes the indentation of a docstring's later lines. */
function unindent(text: string): string {
  const [first = '', ...rest] = text.split('\n');
  const depths = rest.filter((line) => line.trim() !== '').map((line) => /^ */.exec(line)?.[0].length ?? 0);
  const depth = Math.min(...depths, Infinity);
  return [first, ...rest.map((line) => line.slice(Number.isFinite(depth) ? depth : 0))].join('\n');
}

/** Comments of shell, TOML, units and similar: lines that begin with `#`, and text after ` # `. */
function hashComments(text: string): Passage[] {
  const found = text.split('\n').flatMap((line, index): CommentLine[] => {
    const match = /^\s*#(?!!) ?(.*)$/.exec(line);
    if (match !== null) {
      return [{ line: index + 1, text: match[1] ?? '', alone: true, joins: true }];
    }
    const behind = /^[^'"]*(?:(?:'[^']*'|"[^"]*")[^'"]*)*?\s#\s(.*)$/.exec(line);
    return behind === null ? [] : [{ line: index + 1, text: behind[1] ?? '', alone: false, joins: false }];
  });
  return joinLines(found);
}

function markupComments(text: string): Passage[] {
  return [...text.matchAll(/<!--(.*?)-->/gs)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    text: (match[1] ?? '').replaceAll(/^\s+/gm, ''),
  }));
}

const LIST_ITEM = /^\s*(?:[-*+]|\d+[.)])\s+/;

/** Paragraphs, list items, table cells and tags of one passage. Headings, code and rules are left out. */
function blocksOf({ line: first, text }: Passage): Block[] {
  const blocks: { line: number; text: string }[] = [];
  let open: { line: number; text: string } | undefined;
  let inFence = false;
  let inList = false;
  const close = (): void => {
    open = undefined;
  };
  const start = (line: number, content: string): void => {
    open = { line, text: content };
    blocks.push(open);
  };
  for (const [index, content] of text.split('\n').entries()) {
    const line = first + index;
    if (/^\s*(?:```|~~~)/.test(content)) {
      inFence = !inFence;
      close();
    } else if (inFence) {
      continue;
    } else if (content.trim() === '') {
      close();
    } else if (/^\s*\|/.test(content)) {
      close();
      cellsOf(content).forEach((cell) => {
        start(line, cell);
      });
      close();
    } else if (/^#{1,6} /.test(content)) {
      close();
      inList = false;
    } else if (LIST_ITEM.test(content)) {
      start(line, content.replace(LIST_ITEM, ''));
      inList = true;
    } else if (!inList && /^ {2,}/.test(content) && (open === undefined || open.text.endsWith(':'))) {
      close();
    } else if (open === undefined || /^@\w+/.test(content)) {
      inList &&= /^ {2,}/.test(content);
      start(line, content.replace(/^@\w+ ?/, ''));
    } else {
      open.text += `\n${content}`;
    }
  }
  return blocks;
}

function cellsOf(row: string): string[] {
  return row
    .replaceAll(/`[^`]*`/g, (code) => code.replaceAll('|', ' '))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '' && !/^:?-+:?$/.test(cell));
}

/** Placeholder for text that counts as one word and may contain dots. */
const CODE = '\u0001';

/** Words with a dot that does not end a sentence. */
const ABBREVIATION = /\b(?:e\.g|i\.e|etc|cf|vs|approx|No)\.$/;

function splitSentences({ line, text }: Block): Sentence[] {
  const sentences: Sentence[] = [];
  const kept: string[] = [];
  const plain = text
    .replaceAll(/`+[^`]*`+|<https?:[^>]*>|https?:\/\/[^\s)]+/g, (code) => {
      kept.push(code);
      // Line ends stay, so that lines can be counted.
      return CODE + code.replaceAll(/[^\n]/g, '');
    })
    .replaceAll(/(\]\()[^)\s]*\)/g, ']');
  let at = line;
  let words: string[] = [];
  let begun = line;
  const finish = (): void => {
    const sentence = words.join(' ').replaceAll(CODE, () => kept.shift() ?? '');
    const counted = words.filter((word) => /[\p{L}\p{N}\u0001]/u.test(word)).length;
    if (counted > 0) {
      sentences.push({ line: begun, words: counted, text: sentence });
    }
    words = [];
  };
  for (const part of plain.split(/(\s+)/)) {
    if (part.trim() === '') {
      at += part.split('\n').length - 1;
      continue;
    }
    begun = words.length === 0 ? at : begun;
    words.push(part);
    const bare = part.replace(/[)\]"'”’*_]+$/, '');
    if (/[.!?…]$/.test(bare) && !ABBREVIATION.test(bare) && !/^(?:\.{3}|…)$/.test(bare)) {
      finish();
    }
  }
  finish();
  return sentences;
}
