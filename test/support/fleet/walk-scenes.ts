/** docs/fleet/walk.md as scenes: what people type, and what is said about it. Data. */

/** Whose output is heard: processes that go on in a terminal of their own. */
export type Terminal = 'lockd' | 'updates' | 'sandbox';

export type Step =
  /** Typed by people alone: the test has it done before. */
  | { readonly kind: 'typed'; readonly command: string }
  /** Run, and shown without its output, which must be none. */
  | { readonly kind: 'quiet'; readonly command: string }
  /** Run, again and again until its output matches `until`, and shown with its output. */
  | { readonly kind: 'run'; readonly command: string; readonly until?: RegExp }
  | { readonly kind: 'file'; readonly file: string }
  /** etcd itself, on other ports. */
  | { readonly kind: 'etcd'; readonly command: string }
  /** Goes on until the end. The first lines are shown, until one matches `until`. */
  | { readonly kind: 'start'; readonly terminal: Terminal; readonly command: string; readonly until: RegExp }
  /** Waits for so many more lines, and shows them. */
  | {
      readonly kind: 'heard';
      readonly terminal: Terminal;
      readonly line: RegExp;
      readonly count: number;
      readonly isShown: boolean;
    }
  /** Enter, in the terminal of the sandbox. */
  | { readonly kind: 'enter' };

export interface Scene {
  readonly title: string;
  readonly parts: readonly (string | Step)[];
}

export const BAD = '44.20260707.3.1';
const FIRST = '44.20260621.3.1';
const MENDED = '44.20260721.3.1';
const LOCKS = 'zincati-fleet locks';
/** What `locks list` says while others wait, and when all is over. */
const FULL = /^workers: 4 of 4[^]* wait/;
const NONE_LENT = /^workers: 0 of 4 slots lent$/;
const SOCKET = '--socket admin.sock';
const REASON = `--reason '${BAD} does not come up'`;

const typed = (command: string): Step => ({ kind: 'typed', command });
const quiet = (command: string): Step => ({ kind: 'quiet', command });
const run = (command: string, until?: RegExp): Step => ({
  kind: 'run',
  command,
  ...(until !== undefined && { until }),
});
const file = (name: string): Step => ({ kind: 'file', file: name });
const publish = (graph: string): Step => quiet(`install -D ${graph} site/stable/x86_64/v1/graph`);
/** These lines of `status`, one below the other, and then that it is between two checks. */
const atRest = (...lines: readonly string[]): RegExp =>
  new RegExp([...lines, 'checks +last .*, next '].join(String.raw`.*\n`));
const booted = (version: string, count: number, isShown: boolean): Step => ({
  kind: 'heard',
  terminal: 'sandbox',
  line: new RegExp(String.raw`^node\d+ +booted ${version}$`),
  count,
  isShown,
});

export const HEAD = `# A walk: from nothing to a rolling update of a fleet

This is a fleet of 20 nodes on one machine. Beside it is what a real one has: etcd, a lock server, an update server. It goes through a rolling update, a bad release, a halt and the way on. A test runs these commands and compares this
page with what they print. Only ports, tokens, instants and the names of nodes are those of an example.

The nodes run in the sandbox of the tests: real agents, each with a bus and a stand-in for rpm-ostree. You need the sources, Node 24
and what [the demo](../../README.md#try-it) needs, and etcd (Debian: \`etcd-server\`). Each command that does not end has a terminal of its own.`;

export const SCENES: readonly Scene[] = [
  {
    title: 'Build it',
    parts: [
      `In the folder of the sources. A server gets [the package](../install.md#the-fleets-program) instead, which has \`zincati-fleet\`.`,
      typed('npm ci && npm run build'),
      typed(`alias zincati-fleet="node $PWD/dist/fleet/zincati-fleet.mjs"`),
      typed('cp -r examples/fleet/walk /tmp/walk && cd /tmp/walk'),
    ],
  },
  {
    title: 'Try the policy first',
    parts: [
      `A plan says what the fleet is: how many nodes, their configuration, how many of them may be down at once.`,
      file('plan.toml'),
      `The configuration is that of the nodes: the very folder that they get below.`,
      file('node/config.d/60-fleet.toml'),
      run('zincati-fleet simulate plan.toml'),
      `Turns alone bound how many nodes are down, and not how many take a bad release. A rollout bounds that: here it spreads each
release over two days.`,
      run(
        `sed 's/^rollout_hours = 0/rollout_hours = 48/' plan.toml > slow.toml; zincati-fleet simulate slow.toml 2>&1 | sed -n 4,9p`,
      ),
      `[Simulate](simulate.md) has all keys, and HTML with plots.`,
    ],
  },
  {
    title: 'A lock server on etcd',
    parts: [
      { kind: 'etcd', command: 'etcd --data-dir etcd' },
      `The nodes of a group show a token. The server has only its hash.`,
      run('zincati-fleet lockd token | tee token'),
      quiet('head -n 1 token > node/lock.token; chmod 600 node/lock.token'),
      quiet(`sed -i "s/^token_hashes.*/token_hashes = [\\"$(tail -n 1 token)\\"]/" lockd.toml`),
      file('lockd.toml'),
      run('zincati-fleet lockd check lockd.toml'),
      {
        kind: 'start',
        terminal: 'lockd',
        command: 'zincati-fleet lockd lockd.toml',
        until: /lockd serves/,
      },
      run(`${LOCKS} list ${SOCKET}`),
      `[Lockd](lockd.md) has the rest: three members of etcd, TLS, certificates, metrics, and a unit of systemd.`,
    ],
  },
  {
    title: 'An update server',
    parts: [
      `It serves a folder of graphs. A graph is checked before it goes out.`,
      run('zincati-fleet graph check graphs/1-now.json'),
      publish('graphs/1-now.json'),
      {
        kind: 'start',
        terminal: 'updates',
        command:
          'zincati-fleet graph serve site --listen 127.0.0.1:8081 --status-listen 127.0.0.1:9081 --log-format text',
        until: /listening on/,
      },
      `[Graphs](graph.md) says how to mirror those of Fedora CoreOS.`,
    ],
  },
  {
    title: 'Twenty nodes, and a rolling update',
    parts: [
      `In the folder of the sources. Each node gets \`/tmp/walk/node\` as its \`/etc/zincati\`. What \`--hangs\` says comes later.`,
      {
        kind: 'start',
        terminal: 'sandbox',
        command: `npm run demo -- --nodes 20 --slots 4 --etc /tmp/walk/node --graph /tmp/walk/graphs/3-mended.json --hangs ${BAD} --folder /tmp/walk/fleet`,
        until: /^20 nodes/,
      },
      `The nodes stage ${FIRST}, and take turns: four at a time ask for a slot, reboot, and give it back.`,
      run(`${LOCKS} list ${SOCKET}`, FULL),
      booted(FIRST, 20, false),
      `Some seconds later all have booted it. With real reboots it takes [longer](../size-a-fleet.md).`,
      run(`${LOCKS} list ${SOCKET}`, NONE_LENT),
      run('fleet/zincati node20 status', atRest(`booted +${FIRST}`, 'health +OK')),
      `\`fleet/zincati node20 status\` is \`zincati status\` on that node. [Commands](../commands.md) has all of them.`,
    ],
  },
  {
    title: 'A bad release',
    parts: [
      `${BAD} looks like any other one.`,
      run('zincati-fleet graph check graphs/2-next.json'),
      publish('graphs/2-next.json'),
      `But no node comes up with it. In the terminal of the sandbox:`,
      {
        kind: 'heard',
        terminal: 'sandbox',
        line: /does not come up/,
        count: 4,
        isShown: true,
      },
      run(`${LOCKS} list ${SOCKET}`, FULL),
      `Four nodes are down, and no fifth one goes: time frees no slot. Metric \`zincati_lockd_slots_over_max_hold\` is the alarm for that.`,
    ],
  },
  {
    title: 'Halt it',
    parts: [
      `Somebody will free those slots, by repairing the nodes. So the group is paused first.`,
      run(`${LOCKS} pause workers ${SOCKET} ${REASON}`),
      `Every other node has staged the release, and knows why it waits:`,
      run(
        'fleet/zincati node20 why',
        /^Not now: the lock server(?![^]* NO [^]* NO )[^]*next look +NO [^]*lock server +.*reboots_paused/,
      ),
      run(`${LOCKS} list ${SOCKET}`, FULL),
    ],
  },
  {
    title: 'Bring the four back',
    parts: [
      `Somebody power-cycles them; in the sandbox, Enter does. The firmware has counted boots that failed, and boots the release before.`,
      { kind: 'enter' },
      booted(FIRST, 4, true),
      `Their agents notice, give the slots back by themselves, and do not take the release again for now.`,
      run(`${LOCKS} list ${SOCKET}`, /^workers: 0 of 4[^]* wait/),
      run('fleet/zincati node4 status', atRest('health +DEGRADED')),
      run('fleet/zincati node4 denied'),
      run('fleet/zincati node4 history -n 3', /reboot-asked.*\n.*finalized.*\n.*reboot-missed.*$/),
      `A node that is gone for good gives nothing back. \`${LOCKS} release workers ID\` frees its slot. The history of the group:`,
      run(`${LOCKS} history workers ${SOCKET} --lines 9`),
    ],
  },
  {
    title: 'Withdraw it',
    parts: [
      `The next graph has no way to ${BAD}, a way out of it, and a mended release. \`diff\` says what that does.`,
      run('zincati-fleet graph check graphs/3-mended.json'),
      run('zincati-fleet graph diff graphs/2-next.json graphs/3-mended.json'),
      publish('graphs/3-mended.json'),
      `The nodes stage the mended one in its place. The group is still paused, so nothing reboots.`,
      run('fleet/zincati node20 status', atRest(`staged +${MENDED}`, 'health +OK', 'waits .*reboots_paused')),
      `Without a mended release, leave out the ways alone. Nodes then ask once more after a minute, and drop what they have staged.`,
    ],
  },
  {
    title: 'Go on',
    parts: [
      run(`${LOCKS} resume workers ${SOCKET} --reason '${MENDED} is out'`),
      booted(MENDED, 20, false),
      `All nodes take their turns, those that were in the bad release too. The sandbox then draws who was down when, and ends:`,
      {
        kind: 'heard',
        terminal: 'sandbox',
        line: /^down at one instant/,
        count: 1,
        isShown: true,
      },
      run(`${LOCKS} list ${SOCKET}`, NONE_LENT),
      run(`${LOCKS} history workers ${SOCKET} --lines 1000 | grep -E 'paused|resumed'`),
    ],
  },
  {
    title: 'Clear up',
    parts: [
      `Ctrl-C ends lockd, the update server and etcd.`,
      typed('rm -r /tmp/walk'),
      `For a fleet of your own, [size it](../size-a-fleet.md) and [watch it](../monitoring.md). Let a release
[roll out](graph.md#an-update-server) over days, so that a pause comes in time.`,
    ],
  },
];
