/** What a large update graph costs the agent. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchOptions, Figure, Topic } from './figure.ts';
import { bundledWork } from './bundled-work.ts';
import { runMeasured } from './measured-process.ts';

const SIZES = [10_000];
const SCRIPT = join(import.meta.dirname, 'graph-work.ts');
const PREFIX = 'org.fedoraproject.coreos';

export async function measureGraph({ quick, say }: BenchOptions): Promise<Topic> {
  const times = quick ? 2 : 9;
  const figures: Figure[] = [];
  const folder = await mkdtemp('/tmp/zincati-bench-');
  try {
    const script = await bundledWork(SCRIPT, folder);
    for (const size of SIZES) {
      const file = join(folder, 'graph.json');
      const text = graphText(size);
      await writeFile(file, text);
      const ms: number[] = [];
      const peak: number[] = [];
      const processor: number[] = [];
      const jsonMs: number[] = [];
      const jsonProcessor: number[] = [];
      const jsonPeak: number[] = [];
      for (let turn = 1; turn <= times; turn++) {
        say(`graph of ${size} nodes: ${turn} of ${times}`);
        const json = await runMeasured(script, [file, 'json']);
        const check = await runMeasured(script, [file, 'check', checksumOf(0)]);
        jsonMs.push(json.ms);
        jsonProcessor.push(json.processorMs);
        processor.push(check.processorMs);
        jsonPeak.push(json.peakMb);
        ms.push(check.ms);
        peak.push(check.peakMb);
      }
      const name = `${size.toLocaleString('en-US')} nodes (${(text.length / 1e6).toFixed(1)} MB)`;
      figures.push(
        { what: `${name}: \`JSON.parse\` alone`, unit: 'ms', samples: jsonMs },
        { what: `${name}: parse and select`, unit: 'ms', samples: ms },
        { what: `${name}: \`JSON.parse\` alone, processor time`, unit: 'ms', samples: jsonProcessor },
        { what: `${name}: parse and select, processor time`, unit: 'ms', samples: processor },
        { what: `${name}: \`JSON.parse\` alone, peak`, unit: 'MB', samples: jsonPeak },
        { what: `${name}: parse and select, peak`, unit: 'MB', samples: peak },
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return {
    title: 'Choosing from a large update graph',
    how:
      'Measured from the bytes of the answer to the chosen release, by the client of the agent, without the network. Each run ' +
      'is in a new process, before anything is compiled or warm. Its script is made as the program is. Peak is the most memory beyond what the process used with ' +
      'the answer in memory. Processor time is that of the thread that does the work. Runs alternate with `JSON.parse` of the same bytes. Every release has an edge to the next one and ' +
      'one to the newest. The real graph of a stream has a few hundred nodes.',
    figures,
  };
}

function checksumOf(index: number): string {
  return createHash('sha256').update(`bench ${index}`).digest('hex');
}

function graphText(size: number): string {
  const nodes = Array.from({ length: size }, (_, index) => ({
    version: `V${index}`,
    payload: checksumOf(index),
    metadata: { [`${PREFIX}.scheme`]: 'checksum', [`${PREFIX}.releases.age_index`]: String(index) },
  }));
  const edges = nodes.slice(1).flatMap((_, index) => [
    [index, index + 1],
    [index, size - 1],
  ]);
  return JSON.stringify({ nodes, edges });
}
