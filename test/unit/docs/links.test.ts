/** Every relative link in the project's Markdown leads to a file, and every anchor to a heading. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const FILES = globSync('**/*.md', {
  cwd: ROOT,
  exclude: (name) => /^(node_modules|dist|coverage|\.git)$/.test(name),
});

/** Links of a Markdown text, except those in code. */
function linksOf(text: string): string[] {
  const plain = text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...plain.matchAll(/\]\(([^()\s]+)\)/g)].map((match) => match[1]!);
}

/** Anchors of headings: lower case, no punctuation, and dashes instead of spaces. */
function anchorsOf(text: string): Set<string> {
  const plain = text.replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...plain.matchAll(/^#{1,6} (.+)$/gm)].map((match) =>
      match[1]!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}

function brokenLinks(file: string): string[] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return linksOf(text).filter((link) => {
    if (/^[a-z]+:/i.test(link)) {
      return false;
    }
    const [place = '', anchor] = link.split('#');
    const target = place === '' ? path.join(ROOT, file) : path.join(ROOT, path.dirname(file), place);
    if (!existsSync(target)) {
      return true;
    }
    return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).has(anchor);
  });
}

test('the files are found, the README first of all', () => {
  expect(FILES).toContain('README.md');
  expect(FILES).toContain('docs/errors.md');
  expect(
    FILES.flatMap((file) => linksOf(readFileSync(path.join(ROOT, file), 'utf8'))).length,
  ).toBeGreaterThan(30);
});

describe('links lead somewhere', () => {
  test.each(FILES)('%s', (file) => {
    expect(brokenLinks(file)).toEqual([]);
  });
});

describe('every page is found from the README', () => {
  const linked = new Set(
    FILES.filter((file) => file === 'README.md' || file.startsWith('docs/')).flatMap((file) =>
      linksOf(readFileSync(path.join(ROOT, file), 'utf8'))
        .filter((link) => !/^(?:[a-z]+:|#)/i.test(link))
        .map((link) => path.join(path.dirname(file), link.split('#')[0] ?? ''))
        .filter((target) => target !== file),
    ),
  );
  test.each(FILES.filter((file) => file.startsWith('docs/')))('%s', (file) => {
    expect(linked).toContain(file);
  });

  test.each(FILES.filter((file) => path.dirname(file) === 'docs'))('the index has %s', (file) => {
    expect(linksOf(readFileSync(path.join(ROOT, 'README.md'), 'utf8'))).toContain(file);
  });
});

test('the finder of links sees what it should', () => {
  expect(linksOf('[a](b.md) `[c](d.md)` [e](f.md#g)\n```\n[h](i.md)\n```\n')).toEqual(['b.md', 'f.md#g']);
  expect([...anchorsOf('# A & B: `c_d`\n## It does not get staged\n')]).toEqual([
    'a--b-c_d',
    'it-does-not-get-staged',
  ]);
});
