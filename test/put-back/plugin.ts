/** Puts the exports of one fault back while modules are loaded: a plugin for Vite (tests) and Rolldown (the program). */
import path from 'node:path';

import { faultOf } from './all-faults.ts';
import { withSubstitutes } from './transform.ts';

const PROJECT = path.resolve(import.meta.dirname, '../..');
const RUNTIME = path.join(import.meta.dirname, 'substitute.ts');

interface PutBackPlugin {
  readonly name: string;
  /** Before types are taken out. */
  readonly enforce: 'pre';
  transform(code: string, id: string): { readonly code: string; readonly map: null } | undefined;
}

export function putBack(id: string): PutBackPlugin {
  const modules = replacedNames(id);
  return {
    name: `put-back ${id}`,
    enforce: 'pre',
    transform(code, file) {
      const names = modules.get(path.relative(PROJECT, file.replace(/\?.*$/, '')));
      return names && { code: withSubstitutes(code, names, { id, runtime: RUNTIME }), map: null };
    },
  };
}

/** By module, the names of its exports that a fault replaces, by their place among its changes. */
export function replacedNames(id: string): ReadonlyMap<string, ReadonlyMap<number, string>> {
  const modules = new Map<string, Map<number, string>>();
  for (const [place, change] of faultOf(id).changes.entries()) {
    if (change.kind === 'export') {
      const names = modules.get(change.module) ?? new Map<number, string>();
      modules.set(change.module, names.set(place, change.name));
    }
  }
  return modules;
}
