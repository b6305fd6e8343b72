// Changes in src/cincinnati that no test can notice.
export const equivalents = [
  {
    file: 'src/cincinnati/graph/select-update.ts',
    was: 'const byAge = b.ageIndex === undefined ? 0 : order<bigint>(a.ageIndex, b.ageIndex);',
    becomes: 'const byAge = false ? 0 : order<bigint>(a.ageIndex, b.ageIndex);',
    why: 'nothing is above or below undefined, so the order is 0 as well; only the compiler wants the question',
  },
];
