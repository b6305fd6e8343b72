// Changes in src/agent that no test can notice.
export const equivalents = [
  {
    file: 'src/agent/denylist.ts',
    was: 'for (const deployment of host?.deployments ?? []) {',
    becomes: 'for (const deployment of host?.deployments ?? ["Stryker was here"]) {',
    why: 'a text has no payload, so it is left out',
  },
];
