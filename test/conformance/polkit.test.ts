import { NO_ACTIONS, PolkitHost } from '../support/polkit-host.ts';
import { OWNED, OWNED_STATEMENTS, UNKNOWN_STATEMENTS, UNOWNED, UNOWNED_STATEMENTS } from './polkit.ts';
import { type Candidate, conformance } from './statement.ts';

/** Several users take root. */
const polkit = (actions: string): readonly Candidate<PolkitHost>[] =>
  process.getuid?.() === 0 ? [{ name: 'polkitd', start: () => PolkitHost.start(actions) }] : [];

conformance('polkit without our actions', UNKNOWN_STATEMENTS, polkit(NO_ACTIONS));
conformance('polkit with actions of nobody', UNOWNED_STATEMENTS, polkit(UNOWNED));
conformance('polkit with the actions of the agent', OWNED_STATEMENTS, polkit(OWNED));
