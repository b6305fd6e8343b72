/** The demo's options, parsed and checked. */
import { parseImageReference } from '../src/rpmostree/image-reference.ts';
import { given, UsageError } from './program.ts';

export const USAGE = `Usage: npm run demo -- [OPTIONS]

Walks a node through an update history, in a sandbox below a temporary folder.

  --stream NAME     the history to walk: stable (default) or testing
  --graph FILE      another history: a list of releases, or a Cincinnati graph with nodes and edges
  --start VERSION   the release to start on (default: the oldest one)
  --oci             releases are container images pinned by digest instead of OSTree commits
  --image REF       with --oci: the image that is followed at the start, for example
                    ostree-image-signed:docker://quay.io/fedora/fedora-coreos:stable (default);
                    another name or tag makes the first update a rebase
  --speed N         how fast downloads and reboots are (default 1; 10 is ten times as fast)
  --fail WHAT       a failure on demand, may be given several times:
                      deploy=N   the next N deploys fail      daemon=N  the daemon dies in the middle of N downloads
                      server=N   N answers of the update server are 503
                    in a fleet each node has N of the first two; the last column of the table counts what struck
  --nodes N         a fleet: N nodes take turns with a lock server (default 1)
  --slots N         how many of them may be down at once (default 1)
  --windows         with --nodes: reboots only within windows of one minute, every second minute
  --etc DIR         with --nodes: what is in /etc/zincati of every node; its drop-ins name the lock server and the
                    update server, and the sandbox starts neither; --slots is what that lock server lends
  --hangs VERSION   with --nodes: nodes do not come up with this release, until Enter power-cycles those that hang;
                    then they boot the release before
  --folder DIR      with --nodes: the folder of the sandbox, which must not exist yet (default: a temporary one);
                    DIR/zincati NODE COMMAND asks a node
  --keep            stay running at the end, to scrape, read logs and poke, until Ctrl-C
  --limit SECONDS   give up after this time (default 300)
  --simulate        alone: no node at all, but a month of 10,000 that \`zincati-fleet simulate\` runs on a virtual clock
  --help            this text
`;

export interface Failures {
  readonly deploy: number;
  readonly daemon: number;
  readonly server: number;
}

export interface DemoOptions {
  readonly stream: 'stable' | 'testing';
  readonly graph: string | undefined;
  readonly start: string | undefined;
  readonly oci: boolean;
  readonly image: string;
  readonly speed: number;
  readonly failures: Failures;
  readonly nodes: number;
  readonly slots: number;
  readonly windows: boolean;
  readonly etc: string | undefined;
  readonly hangs: string | undefined;
  readonly folder: string | undefined;
  readonly keep: boolean;
  readonly limitSecs: number;
  /** In place of all the rest. */
  readonly isSimulation: boolean;
}

/** Undefined if help was requested. */
export function parseOptions(args: readonly string[]): DemoOptions | undefined {
  const { values } = given({
    args: [...args],
    options: {
      stream: { type: 'string', default: 'stable' },
      graph: { type: 'string' },
      start: { type: 'string' },
      oci: { type: 'boolean', default: false },
      image: { type: 'string' },
      speed: { type: 'string', default: '1' },
      fail: { type: 'string', multiple: true, default: [] },
      nodes: { type: 'string', default: '1' },
      slots: { type: 'string', default: '1' },
      windows: { type: 'boolean', default: false },
      etc: { type: 'string' },
      hangs: { type: 'string' },
      folder: { type: 'string' },
      keep: { type: 'boolean', default: false },
      limit: { type: 'string', default: '300' },
      simulate: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  if (values.stream !== 'stable' && values.stream !== 'testing') {
    throw new UsageError(`--stream must be stable or testing, got "${values.stream}"`);
  }
  const nodes = whole('--nodes', values.nodes, 20);
  const failures = parseFailures(values.fail);
  const ofFleets = { windows: values.windows || undefined, ...pick(values) };
  const [alone] = Object.entries(ofFleets).filter(([, value]) => nodes === 1 && value !== undefined);
  if (alone !== undefined) {
    throw new UsageError(`--${alone[0]} must come with --nodes`);
  }
  if (values.etc !== undefined && (values.windows || failures.server > 0)) {
    throw new UsageError('--etc must come without --windows and --fail server');
  }
  if (values.simulate && args.length > 1) {
    throw new UsageError('--simulate must be the only option');
  }
  if (values.image !== undefined && !values.oci) {
    throw new UsageError('--image must come with --oci');
  }
  if (values.image !== undefined && parseImageReference(values.image)?.tag === undefined) {
    throw new UsageError(
      `--image must be an image with a tag, such as ostree-image-signed:docker://quay.io/fedora/fedora-coreos:stable, got "${values.image}"`,
    );
  }
  return {
    stream: values.stream,
    graph: values.graph,
    start: values.start,
    oci: values.oci,
    image: values.image ?? `ostree-image-signed:docker://quay.io/fedora/fedora-coreos:${values.stream}`,
    speed: positive('--speed', values.speed),
    failures,
    nodes,
    slots: whole('--slots', values.slots, 20),
    windows: values.windows,
    ...pick(values),
    keep: values.keep,
    limitSecs: positive('--limit', values.limit),
    isSimulation: values.simulate,
  };
}

function pick({ etc, hangs, folder }: Partial<Record<'etc' | 'hangs' | 'folder', string>>) {
  return { etc, hangs, folder };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) {
    throw new UsageError(`${name} must be a number above 0, got "${text}"`);
  }
  return value;
}

function whole(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new UsageError(`${name} must be a whole number from 1 to ${most}, got "${text}"`);
  }
  return value;
}

function parseFailures(list: readonly string[]): Failures {
  const failures = { deploy: 0, daemon: 0, server: 0 };
  for (const text of list) {
    const [what = '', count = '1'] = text.split('=');
    if (!(what === 'deploy' || what === 'daemon' || what === 'server') || !/^\d{1,4}$/.test(count)) {
      throw new UsageError(`--fail must be deploy=N, daemon=N or server=N, got "${text}"`);
    }
    failures[what] += Number(count);
  }
  return failures;
}
