/**
 * The compiler guards the machine: an answer that a state can receive and does not handle fails to compile. Shown by
 * compiling the agent with changed sources in memory.
 */
import path from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const PROJECT = path.resolve(import.meta.dirname, '../../..');
const MACHINE = ['src/agent/runner.ts', 'src/simulate/node.ts'];
const TELLERS = ['src/report/historian.ts'];

type Change = Readonly<Record<string, (text: string) => string>>;

function options(): ts.CompilerOptions {
  const file = path.join(PROJECT, 'tsconfig.json');
  const read: { config?: unknown } = ts.readConfigFile(file, (name) => ts.sys.readFile(name));
  return ts.parseJsonConfigFileContent(read.config, ts.sys, PROJECT).options;
}

const OPTIONS = options();
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The files of src/ that no longer compile after `change`, sorted. */
function broken(change: Change, roots: readonly string[] = MACHINE): string[] {
  const host = ts.createCompilerHost(OPTIONS);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, language, ...rest) => {
    const edit = change[path.relative(PROJECT, name)];
    if (edit !== undefined) {
      const before = ts.sys.readFile(name) ?? '';
      const after = edit(before);
      expect(after).not.toBe(before);
      return ts.createSourceFile(name, after, language);
    }
    if (!parsed.has(name)) {
      parsed.set(name, read(name, language, ...rest));
    }
    return parsed.get(name);
  };
  const rootNames = roots.map((file) => path.join(PROJECT, file));
  const program = ts.createProgram({ rootNames, options: OPTIONS, host });
  const files = program
    .getSemanticDiagnostics()
    .map(({ file }) => (file === undefined ? 'none' : path.relative(PROJECT, file.fileName)));
  return [...new Set(files)].sort();
}

const NEW_ANSWER: Change = {
  'src/agent/messages.ts': (text) =>
    text
      .replace(
        "  | { readonly kind: 'status-failed'; readonly failure: Failure }",
        "  | { readonly kind: 'status-failed'; readonly failure: Failure }\n  | { readonly kind: 'status-partial' }",
      )
      .replace("['status-read', 'status-failed']", "['status-read', 'status-failed', 'status-partial']"),
};

const NEW_EFFECT: Change = {
  'src/agent/messages.ts': (text) =>
    text
      .replace("  | { readonly kind: 'register-driver' }", "  | { readonly kind: 'register-driver' }\n  | { readonly kind: 'run-hooks' }")
      .replace("  | { readonly kind: 'finalized' }", "  | { readonly kind: 'finalized' }\n  | { readonly kind: 'hooks-passed' }\n  | { readonly kind: 'hooks-vetoed' }")
      .replace("  finalize: ['finalized', 'finalize-failed'],", "  finalize: ['finalized', 'finalize-failed'],\n  'run-hooks': ['hooks-passed', 'hooks-vetoed'],"),
}; // prettier-ignore

const NEW_REQUEST: Change = {
  'src/agent/requests.ts': (text) =>
    text
      .replace("  | { readonly kind: 'discard' }", "  | { readonly kind: 'discard' }\n  | { readonly kind: 'run-hooks' }")
      .replace("  'discard',\n", "  'discard',\n  'run-hooks',\n"),
}; // prettier-ignore

describe('what the compiler says', { timeout: 180_000 }, () => {
  beforeAll(() => {
    expect(broken({})).toEqual([]);
  }, 180_000);

  it('of a new answer to an effect: every state that can receive it, and what is remembered of it', () => {
    expect(broken(NEW_ANSWER)).toEqual([
      'src/agent/remember.ts',
      'src/agent/states/end-state.ts',
      'src/agent/states/polling.ts',
      'src/agent/states/start-state.ts',
      'src/agent/states/update-available.ts',
      'src/agent/states/update-staged.ts',
    ]);
  });

  it('of a new effect that no state asks for yet: who performs, announces and remembers it', () => {
    expect(broken(NEW_EFFECT)).toEqual([
      'src/agent/beginning.ts',
      'src/agent/cut-short.ts',
      'src/agent/perform.ts',
      'src/agent/remember.ts',
      'src/simulate/node.ts',
    ]);
  });

  it.each([
    [
      'polling',
      "check: step(['check'], (_state, view)",
      "check: step(['check', 'run-hooks'], (_state, view)",
    ],
    ['update-staged', "ask: step(['survey'],", "ask: step(['survey', 'run-hooks'],"],
    ['update-available', "check: step(['check'],", "check: step(['check', 'run-hooks'],"],
    ['initialized', "['release-slot', 'wait'],", "['release-slot', 'wait', 'run-hooks'],"],
    ['update-finalized', "['wait'],", "['wait', 'run-hooks'],"],
  ])('of state %s, once a step of it asks for the new effect', (state, find, put) => {
    const file = `src/agent/states/${state}.ts`;
    const change: Change = { ...NEW_EFFECT, [file]: (text) => text.replace(find, put) };
    expect(broken(change)).toContain(file);
  });

  it('of a new request: who takes it, and what ends it', () => {
    expect(broken(NEW_REQUEST)).toEqual(['src/agent/request-outcomes.ts', 'src/agent/requested.ts']);
  });

  it('of a step that asks for an effect it does not name', () => {
    const file = 'src/agent/states/update-finalized.ts';
    const change: Change = {
      [file]: (text) =>
        text.replace('(_state, view) => waitUntil(0, view)', "() => ({ kind: 'list-sessions' })"),
    };
    expect(broken(change)).toEqual([file]);
  });

  it('of a new happening: whoever tells and keeps happenings', () => {
    const change: Change = {
      'src/agent/happenings.ts': (text) =>
        text.replace("  | { readonly kind: 'reconfigured' };", "  | { readonly kind: 'reconfigured' }\n  | { readonly kind: 'hooks-vetoed' };"),
    }; // prettier-ignore
    expect(broken(change, TELLERS)).toEqual(['src/report/entries-of.ts', 'src/report/log-lines.ts']);
  });
});
