/**
 * Which folder of src/ may import from which, type imports included. This table is the rule; architecture.test.ts holds
 * the sources to it, and ARCHITECTURE.md explains it.
 *
 * Invariants:
 * - A folder that is not listed here does not exist.
 * - What every folder may import (errors.ts, text/) is not repeated.
 * - No arrow runs back up: the folders can be put in an order in which each imports only from those below it.
 */
export interface Folder {
  readonly may: readonly string[];
  /** Knows no clock, chance, process, timer or I/O: all of it, or all but the files named. */
  readonly pure?: true | { readonly but: readonly string[] };
}

/** The whole of src/, from the top down. A file directly in src/ counts as a folder. */
export const FOLDERS: Readonly<Record<string, Folder>> = {
  'load.ts': { may: [] },
  'main.ts': { may: ['cli', 'daemon', 'host', 'log', 'version.ts'] },
  cli: {
    may: [
      'service',
      'history',
      'lenders',
      'host',
      'strategies',
      'agent',
      'identity',
      'config',
      'calendar',
      'metrics',
      'dbus',
      'http',
      'log',
      'files',
      'version.ts',
    ],
  },
  daemon: {
    may: [
      'service',
      'report',
      'why',
      'history',
      'lenders',
      'host',
      'strategies',
      'gates',
      'rpmostree',
      'cincinnati/sources',
      'agent',
      'identity',
      'config',
      'metrics',
      'dbus',
      'http',
      'memory',
      'files',
      'log',
      'version.ts',
    ],
  },
  fleet: {
    may: [
      'simulate',
      'strategies',
      'gates',
      'cincinnati/graph',
      'cincinnati/policy',
      'agent',
      'config',
      'calendar',
    ],
    pure: true,
  },
  lockd: { may: [], pure: true },
  simulate: { may: ['agent'], pure: true },
  service: { may: ['why', 'agent', 'dbus', 'log'] },
  report: {
    may: ['why', 'agent', 'history', 'metrics', 'log', 'host'],
    pure: { but: ['historian.ts', 'reporter.ts'] },
  },
  why: { may: ['gates', 'agent'], pure: true },
  history: { may: ['agent', 'files'] },
  lenders: { may: ['gates', 'agent', 'identity', 'config', 'http'] },
  // What gates and strategies judge by is defined there; here it is observed.
  host: { may: ['strategies', 'gates', 'agent', 'dbus', 'files'] },
  strategies: { may: ['gates', 'agent', 'calendar', 'config'], pure: true },
  gates: { may: ['agent'], pure: true },
  rpmostree: {
    may: ['agent', 'dbus', 'files'],
    pure: {
      but: [
        'booted-override.ts',
        'client.ts',
        'file-stamp.ts',
        'staged-lock.ts',
        'status-reader.ts',
        'transaction.ts',
        'transactions.ts',
      ],
    },
  },
  'cincinnati/sources': { may: ['cincinnati/graph', 'agent', 'http'] },
  'cincinnati/review': {
    may: ['cincinnati/graph', 'cincinnati/policy', 'agent', 'config'],
    pure: true,
  },
  'cincinnati/graph': { may: ['agent'], pure: true },
  'cincinnati/policy': { may: [], pure: true },
  metrics: { may: ['agent', 'log', 'files'] },
  agent: { may: [], pure: { but: ['perform.ts', 'runner.ts'] } },
  identity: { may: ['config', 'files'] },
  config: {
    may: ['calendar', 'files'],
    pure: {
      but: ['attributes.ts', 'drop-in-entries.ts', 'drop-ins.ts', 'exposed-files.ts', 'load-settings.ts'],
    },
  },
  calendar: { may: ['files'], pure: { but: ['zoneinfo.ts'] } },
  dbus: { may: ['memory'] },
  http: { may: ['files', 'memory'] },
  log: { may: ['files'] },
  files: { may: [] },
  memory: { may: [] },
  'errors.ts': { may: [], pure: true },
  text: { may: [], pure: true },
  'version.ts': { may: [], pure: true },
};

/** For everybody below main.ts. */
export const FOR_ALL: readonly string[] = ['errors.ts', 'text'];
