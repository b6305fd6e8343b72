/** The calendar as the agent has it, for callers who may not read all files of the configuration. */
import { HostZones } from '../calendar/zoneinfo.ts';
import { UTC, type ZoneRules } from '../calendar/zone-rules.ts';
import { AgentClient } from './agent-client.ts';
import type { SettingFacts, SpanFacts } from './agent-facts.ts';

export interface AgentCalendar {
  readonly spans: readonly SpanFacts[];
  /** Undefined: strategy `periodic` is not in use. */
  readonly zone: ZoneRules | undefined;
  readonly strategies: readonly string[];
}

/** Undefined where the agent does not say. */
export async function agentCalendar(root: string, days: number): Promise<AgentCalendar | undefined> {
  try {
    await using client = await AgentClient.open(root, false);
    const settings = await client.configuration();
    const strategies = textsOf(settings, 'updates.strategy');
    if (!strategies.includes('periodic')) {
      return { spans: [], zone: undefined, strategies };
    }
    const spans = await client.calendar(days);
    return {
      spans,
      zone: await zoneOf(root, textsOf(settings, 'updates.periodic.time_zone')[0]),
      strategies,
    };
  } catch {
    return undefined;
  }
}

/** A setting as written in TOML, which has JSON's texts and lists. */
function textsOf(settings: readonly SettingFacts[], key: string): readonly string[] {
  const written = settings.find((setting) => setting.key === key)?.value ?? '[]';
  const value: unknown = JSON.parse(written);
  return [value].flat().filter((one) => typeof one === 'string');
}

async function zoneOf(root: string, name = 'UTC'): Promise<ZoneRules> {
  const zones = new HostZones({ root, builtIn: () => undefined, warn: () => undefined });
  return zones.load(name).catch(() => UTC);
}
