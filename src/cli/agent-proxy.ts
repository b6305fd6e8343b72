/** Asks the agent that runs on this host, over the system bus. */
import { connectBus } from '../dbus/connect.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';
import type { BusValue } from '../dbus/types.ts';
import { EXPERIMENTAL_INTERFACE, EXPERIMENTAL_PATH, SERVICE_NAME } from '../service/experimental.ts';
import { SECOND_MS } from '../text/units.ts';

/** The agent answers from memory: one that takes longer hangs. */
const TIMEOUT_MS = 10 * SECOND_MS;

/** Arguments of a method, with their D-Bus signature. */
export interface AgentArguments {
  readonly signature: string;
  readonly body: readonly BusValue[];
}

/**
 * Calls `member` of Zincati's interface; a method without arguments needs no `given`. Resolves with its one answer.
 *
 * Rejects with BusError or CancelledError if nobody answers, and with Error if the answer is neither text nor number.
 */
export async function askAgent(
  root: string,
  member: string,
  given?: AgentArguments,
): Promise<string | bigint> {
  const link = await connectBus(systemBusAddress(root, process.env), AbortSignal.timeout(TIMEOUT_MS));
  try {
    const reply = await link.call({
      destination: SERVICE_NAME,
      path: EXPERIMENTAL_PATH,
      interface: EXPERIMENTAL_INTERFACE,
      member,
      ...given,
      timeoutMs: TIMEOUT_MS,
    });
    const [answer] = reply.body;
    if (typeof answer !== 'string' && typeof answer !== 'bigint') {
      throw new Error('cannot read the answer: it must be a text or a number');
    }
    return answer;
  } finally {
    await link.close();
  }
}
