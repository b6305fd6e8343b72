/** What the settings of a group ask of the machine of each node. Pure. */
import type { Policy } from '../src/agent/state.ts';
import type { Settings } from '../src/config/settings.ts';
import { policyOf } from '../src/daemon/configuration.ts';

/** By the id of the node. Nodes share one policy, but where a lock server hears who asks. */
export function policiesOf(settings: Settings): (nodeUuid: string) => Policy {
  const { identity, updates } = settings;
  const of = (nodeUuid: string): Policy =>
    policyOf(
      {
        settings,
        identity: {
          nodeUuid,
          platform: identity.platform ?? 'metal',
          basearch: 'x86_64',
          group: identity.group,
          rolloutWariness: identity.rolloutWariness,
          stream: identity.stream,
        },
      },
      'boot',
    );
  const shared = of('');
  return (nodeUuid) => (updates.strategies.includes('fleet_lock') ? of(nodeUuid) : shared);
}
