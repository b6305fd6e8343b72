/**
 * The shape of a fault that can be put back. It may change an export of a module, a setting of a unit, or a function of
 * a shell script. Nothing here names source text, so a refactoring that keeps the names keeps the faults.
 */
import type { ExportName, Modules, Original, Substitute } from './modules.ts';
import { withSetting, withShellFunction, withShellVariable } from './change-file.ts';

/** An export that something else stands in for. */
export interface Replacement {
  readonly kind: 'export';
  /** Below the project. */
  readonly module: string;
  /** Of a function or constant, or `Class.method`. */
  readonly name: string;
  /** Makes the substitute from the original. */
  readonly make: (original: never) => unknown;
}

/** A file that no compiler reads. */
export interface FileChange {
  readonly kind: 'file';
  /** Below the project. */
  readonly file: string;
  /** The text with the fault; throws when what it names is not there. */
  readonly change: (text: string) => string;
}

export interface PutBackFault {
  /** `B1`, or a word of its own for a fault of the world test. */
  readonly id: string;
  /** What goes wrong on a host, one sentence. */
  readonly fault: string;
  readonly changes: readonly (Replacement | FileChange)[];
  /** True: the tests run the built program, and only that has the fault. Otherwise the modules under test have it. */
  readonly built?: boolean;
  readonly project: 'unit' | 'integration' | 'system';
  /** The file with the tests that must fail. */
  readonly test: string;
  /** A part of their names. */
  readonly named: string;
}

/**
 * An export and its substitute, made from the original so that it can wrap it. A substitute of `Class.method` is a
 * `function`, and gets the instance as `this`.
 */
export function replace<M extends keyof Modules, N extends ExportName<Modules[M]>>(
  module: M,
  name: N,
  make: (original: Original<Modules[M], N>) => Substitute<Modules[M], N>,
): Replacement {
  return { kind: 'export', module, name, make };
}

/** A setting of a unit file: the values of all its lines in, those of the lines that stand there with the fault out. */
export function setting(
  file: string,
  section: string,
  key: string,
  make: (original: readonly string[]) => readonly string[],
): FileChange {
  return { kind: 'file', file, change: (text) => withSetting(text, section, key, make) };
}

/** A variable of a shell script, which has another value with the fault. */
export function shellVariable(file: string, name: string, value: string): FileChange {
  return { kind: 'file', file, change: (text) => withShellVariable(text, name, value) };
}

/** A function of a shell script, which has another body with the fault. */
export function shellFunction(file: string, name: string, body: string): FileChange {
  return { kind: 'file', file, change: (text) => withShellFunction(text, name, body) };
}
