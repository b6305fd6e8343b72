/**
 * What is configured in a transcript: settings as operators write them, made a policy by the product's own code.
 *
 * Invariant: a setting stays as it is until a later one replaces it, as in drop-ins.
 */
import type { Policy } from '../../../src/agent/state.ts';
import { readFragment, type Fragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { parseToml } from '../../../src/config/toml.ts';
import { policyOf } from '../../../src/daemon/configuration.ts';
import { ConfigError } from '../../../src/errors.ts';

const BASE = `
cincinnati.base_url = "http://updates.example"
updates.fleet_lock.base_url = "http://lock.example"
`;

/** A setting that the product refuses. The message is the product's. */
export class RefusedSetting extends Error {}

export class Settings {
  #fragments: readonly Fragment[] = [read(BASE, 'base')];
  #policy: Policy | undefined;

  /** `settings`: `KEY=VALUE`, values as in TOML. Throws RefusedSetting. */
  with(settings: readonly string[]): Policy {
    const toml = settings.map((setting) => setting.replace('=', ' = ')).join('\n');
    const fragments = [...this.#fragments, read(toml, 'the setting')];
    const { settings: resolved, errors } = resolveSettings(mergeFragments(fragments));
    const [error] = errors;
    if (error !== undefined) {
      throw new RefusedSetting(error.message);
    }
    const reading = {
      settings: resolved,
      warnings: [],
      notes: [],
      origins: new Map<string, string>(),
      files: [],
      shown: [],
      identity: {
        nodeUuid: '0'.repeat(32),
        platform: 'qemu',
        basearch: 'x86_64',
        group: 'default',
        rolloutWariness: undefined,
        stream: resolved.identity.stream,
      },
    };
    this.#fragments = fragments;
    this.#policy = policyOf(reading, 'boot-0', this.#policy);
    return this.#policy;
  }
}

function read(toml: string, name: string): Fragment {
  try {
    const fragment = readFragment(parseToml(new TextEncoder().encode(toml), name), name);
    const [fault] = [...fragment.errors.map(({ message }) => message), ...fragment.warnings];
    if (fault !== undefined) {
      throw new RefusedSetting(fault);
    }
    return fragment;
  } catch (error) {
    throw error instanceof ConfigError ? new RefusedSetting(error.message) : error;
  }
}
