/** What a person can do next: with a sandbox that is kept, and when the demo is over. Pure. */

export interface KeptNode {
  readonly name: string;
  /** Below it is the host of the node. */
  readonly root: string;
  readonly busSocket: string;
  readonly metricsSocket: string;
}

/** Commands for another terminal, in the folder of the project. */
export function aboutKept(
  nodes: readonly KeptNode[],
  /** Undefined: not one of the sandbox. */
  updateServer: string | undefined,
  log: string | undefined,
): string[] {
  const [first] = nodes;
  if (first === undefined) {
    return [];
  }
  const node = process.execPath;
  const others = nodes
    .slice(1)
    .map(({ name, busSocket, root }) => `  ${name}: unix:path=${busSocket} --root ${root}`);
  return [
    '',
    'It stays until Ctrl-C. In another terminal, in this folder:',
    `  export DBUS_SYSTEM_BUS_ADDRESS=unix:path=${first.busSocket}`,
    `  zincati() { ${node} dist/zincati.cjs "$@" --root ${first.root}; }`,
    '  zincati status',
    '  zincati why',
    '  zincati history',
    `  curl --unix-socket ${first.metricsSocket} http://localhost/metrics`,
    ...(updateServer === undefined
      ? []
      : [`  curl '${updateServer}/v1/graph?basearch=${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}'`]),
    ...(log === undefined ? [] : [`  tail -f ${log}`]),
    ...(others.length === 0 ? [] : ['The other nodes:', ...others]),
  ];
}

export const NEXT: readonly string[] = [
  '',
  'Next:',
  '  npm run demo -- --nodes 5 --slots 2                a fleet whose nodes take turns',
  '  npm run demo -- --nodes 3 --windows                reboots in maintenance windows alone',
  '  npm run demo -- --fail deploy=2 --fail daemon=1    failures on demand',
  '  npm run demo -- --keep                             stays: ask it `zincati status`, `why`, `history`',
  '  npm run demo -- --simulate                         a month of 10,000 nodes, before any of them is touched',
];
