/**
 * A module in which substitutes take the place of exports. Pure.
 *
 * Invariants:
 * - Calls inside the module reach the substitute as well.
 * - A name that the module does not declare and export is an error.
 * - Each line of the module stays on its line.
 */
import ts from 'typescript';

interface Insertion {
  readonly at: number;
  readonly text: string;
}

/** What the added code imports from `runtime`. */
const LOOKUP = 'substitute__';

/**
 * `names` are functions, constants or `Class.method`. The added code imports `substitute` from the module `runtime` and
 * calls it with `id`, the name's place in `names`, and the original.
 */
export function withSubstitutes(
  source: string,
  names: ReadonlyMap<number, string>,
  { id, runtime }: { readonly id: string; readonly runtime: string },
): string {
  const file = ts.createSourceFile('module.ts', source, ts.ScriptTarget.Latest, true);
  const insertions: Insertion[] = [];
  const added = [`import { substitute as ${LOOKUP} } from ${JSON.stringify(runtime)};`];
  for (const [place, name] of names) {
    const make = (original: string): string => `${LOOKUP}(${JSON.stringify(id)}, ${place}, ${original})`;
    const [owner = '', method] = name.split('.');
    const found =
      method === undefined
        ? (replaceFunction(file, owner, make, added) ?? replaceConstant(file, owner, make))
        : replaceMethod(file, owner, method, make);
    if (found === undefined) {
      throw new Error(`the module must declare and export ${name}`);
    }
    insertions.push(...found);
  }
  let text = source;
  for (const { at, text: inserted } of insertions.toSorted((a, b) => b.at - a.at)) {
    text = text.slice(0, at) + inserted + text.slice(at);
  }
  return `${text}\n${added.join('\n')}\n`;
}

function renamed(name: string): string {
  return `${name}__original`;
}

/** The substitute is made at the first call: functions may be called before the module has run. */
function replaceFunction(
  file: ts.SourceFile,
  name: string,
  make: (original: string) => string,
  added: string[],
): Insertion[] | undefined {
  // Overloads are declarations of their own.
  const names = file.statements.flatMap((statement) =>
    ts.isFunctionDeclaration(statement) && isExported(statement) && statement.name?.text === name
      ? [statement.name]
      : [],
  );
  if (names.length === 0) {
    return undefined;
  }
  added.push(
    `var ${name}__substitute;`,
    `export function ${name}(...args) { return (${name}__substitute ??= ${make(renamed(name))}).apply(this, args); }`,
  );
  return names.map((each) => ({ at: each.end, text: '__original' }));
}

function replaceConstant(
  file: ts.SourceFile,
  name: string,
  make: (original: string) => string,
): Insertion[] | undefined {
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement) || !isExported(statement)) {
      continue;
    }
    for (const declaration of statement.declarationList.declarations) {
      if (ts.isIdentifier(declaration.name) && declaration.name.text === name) {
        return [
          { at: declaration.name.end, text: '__original' },
          { at: statement.end, text: ` export const ${name} = ${make(renamed(name))};` },
        ];
      }
    }
  }
  return undefined;
}

function replaceMethod(
  file: ts.SourceFile,
  owner: string,
  method: string,
  make: (original: string) => string,
): Insertion[] | undefined {
  for (const statement of file.statements) {
    if (!ts.isClassDeclaration(statement) || !isExported(statement) || statement.name?.text !== owner) {
      continue;
    }
    const isThere = statement.members.some(
      (member) =>
        ts.isMethodDeclaration(member) &&
        member.body !== undefined &&
        ts.isIdentifier(member.name) &&
        member.name.text === method &&
        !hasModifier(member, ts.SyntaxKind.StaticKeyword),
    );
    if (isThere) {
      const place = `${owner}.prototype.${method}`;
      return [{ at: statement.end, text: ` ${place} = ${make(place)};` }];
    }
  }
  return undefined;
}

function isExported(node: ts.HasModifiers): boolean {
  return hasModifier(node, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(node: ts.HasModifiers, kind: ts.SyntaxKind): boolean {
  return ts.getModifiers(node)?.some((modifier) => modifier.kind === kind) ?? false;
}
