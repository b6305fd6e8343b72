export const equivalents = [
  {
    file: 'src/why/explain.ts',
    was: 'const { overrides = [], holds = [] } = options;',
    becomes: 'const { overrides = [], holds = ["Stryker was here"] } = options;',
    why: 'a text is a hold on nothing',
  },
  {
    file: 'src/why/last-look.ts',
    was: "return verdict !== 'pass' || (holding.by === 'failure' && holding.asked === true);",
    becomes: "return verdict !== 'pass' || (true && holding.asked === true);",
    why: 'only a failure has been asked for',
  },
  {
    file: 'src/why/release-gates.ts',
    was: 'const isThere = includesPayload(deniedPayloads(host, { ...record, denials: [] }, now.at), release.payload);',
    becomes:
      'const isThere = includesPayload(deniedPayloads(host, { ...record, denials: ["Stryker was here"] }, now.at), release.payload);',
    why: 'a text denies no payload',
  },
];
