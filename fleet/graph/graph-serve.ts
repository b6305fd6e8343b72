/** Command `graph serve`: an update server for the graphs of a folder. */
import { EXIT } from '../../src/cli/exit-codes.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import type { ListenAddress } from '../../src/config/checks.ts';
import { ConfigError, messageOf, printable } from '../../src/errors.ts';
import { createLogger, type Logger } from '../../src/log/log.ts';
import { LOG_FORMATS } from '../../src/log/log-format.ts';
import { SECOND_MS } from '../../src/text/units.ts';
import type { CommandSpec, Given } from '../command-spec.ts';
import { GraphServer } from './graph-server.ts';
import { ServedGraphs } from './served-graphs.ts';
import { ServingMetrics } from './serving-metrics.ts';

const LISTEN = '127.0.0.1:8081';
const STATUS_LISTEN = '127.0.0.1:9081';

export const GRAPH_SERVE: CommandSpec = {
  name: 'graph serve',
  words: ['FOLDER'],
  summary: 'answer agents from the graphs of a folder, with rollouts, as an update server does',
  options: {
    listen: { value: 'ADDRESS:PORT', doc: `for agents, ${LISTEN} unless given` },
    'status-listen': { value: 'ADDRESS:PORT', doc: `/metrics and /healthz, ${STATUS_LISTEN} unless given` },
    'log-format': {
      value: 'FORMAT',
      choices: LOG_FORMATS,
      doc: `${LOG_FORMATS.join(', ')}; auto unless given`,
    },
  },
  notes: [
    'FOLDER has graphs as graph mirror writes them: STREAM/ARCH/v1/graph, and oci/STREAM/ARCH/v1/graph for images.',
    'SIGHUP reads them again, and so does a change of a file. SIGTERM ends it when what is under way is answered.',
    'Port 0 takes any that is free; the log says which.',
  ],
  run: serve,
};

/** How often files are looked at. */
const LOOK_MS = 2 * SECOND_MS;

async function serve({ words: [folder = ''], values }: Given): Promise<number> {
  const log = createLogger({
    level: 'info',
    format: logFormat(values.get('log-format') ?? 'auto'),
    env: process.env,
  });
  const graphs = new ServedGraphs(folder, log, Date.now);
  await graphs.refresh();
  if (graphs.states.every(({ graph }) => graph === undefined)) {
    throw new ConfigError(
      'config_invalid',
      `${printable(folder)} must have a graph that can be served, such as stable/x86_64/v1/graph, got none`,
    );
  }
  const metrics = new ServingMetrics(() => graphs.states, Date.now());
  const server = new GraphServer({
    ...{ graphs, metrics },
    listen: listenOption('listen', values.get('listen') ?? LISTEN),
    statusListen: listenOption('status-listen', values.get('status-listen') ?? STATUS_LISTEN),
    nowAt: Date.now,
  });
  try {
    await server.start();
  } catch (error) {
    throw new Error(`cannot listen: ${messageOf(error)}`, { cause: error });
  }
  const { graphs: address, status } = server.addresses;
  log.info(`listening on ${address} for agents, and on ${status} for metrics and health`);
  await untilEnded(graphs, log);
  log.info('ending: what is under way is answered, and nothing new is taken');
  await server.stop();
  return EXIT.ok;
}

/** Resolves on SIGTERM or SIGINT. A second one then ends the process at once, as signals do. */
async function untilEnded(graphs: ServedGraphs, log: Logger): Promise<void> {
  const refresh = (): void => void graphs.refresh();
  const reload = (): void => {
    log.info('SIGHUP: reading the graphs again');
    refresh();
  };
  const looking = setInterval(refresh, LOOK_MS);
  process.on('SIGHUP', reload);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      process.off('SIGTERM', end).off('SIGINT', end);
      resolve();
    };
    process.on('SIGTERM', end).on('SIGINT', end);
  });
  clearInterval(looking);
  process.off('SIGHUP', reload);
}

function logFormat(text: string): (typeof LOG_FORMATS)[number] {
  const format = LOG_FORMATS.find((known) => known === text);
  if (format === undefined) {
    throw new UsageError(
      `--log-format must be one of ${LOG_FORMATS.join(', ')}, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return format;
}

/** Throws UsageError. */
export function listenOption(option: string, text: string): ListenAddress {
  const found = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([\w.-]{1,253})):(\d{1,5})$/.exec(text);
  const port = Number(found?.[3]);
  if (found === null || !(port <= 65_535)) {
    throw new UsageError(
      `--${option} must be ADDRESS:PORT, such as 127.0.0.1:8081 or [::]:8081, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return { host: found[1] ?? found[2] ?? '', port };
}
