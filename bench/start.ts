/** How long the agent takes from its start to READY. */
import type { BenchOptions, Topic } from './figure.ts';
import { BenchHost } from './bench-host.ts';
import { bareRunMs } from './bare-node.ts';

export async function measureStart({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 5 : 21;
  const bare: number[] = [];
  const agent: number[] = [];
  await using host = await BenchHost.prepare();
  // The first run of each fills the page cache.
  for (let turn = 0; turn <= times; turn++) {
    say(`start: ${turn} of ${times}`);
    const bareMs = await bareRunMs();
    const { startMs, stop } = await host.startAgent();
    await stop();
    if (turn === 0) {
      continue;
    }
    bare.push(bareMs);
    agent.push(startMs);
  }
  return {
    title: 'Start',
    how:
      'From starting the process to the datagram with `READY=1` on its notify socket, with a bus and an update server. ' +
      'Runs alternate with a Node that runs an empty script. Files are in the page cache.',
    figures: [
      { what: 'bare `node -e 0`, start to exit', unit: 'ms', samples: bare },
      { what: 'agent, start to READY', unit: 'ms', samples: agent },
    ],
  };
}
