// What came of the mutants: which lived, how many were noticed, and whether the named equivalents are right.
//
// - An equivalent is named by file and by the lines before and after the change. So it moves with them, and ends with
//   them.
// - Only a mutant that lived can be equivalent. A name that fits none is a complaint, where its file was looked at.

const NOTICED = new Set(['Killed', 'Timeout']);
const LIVED = new Set(['Survived', 'NoCoverage']);

const oneLine = (text) => text.replaceAll(/\s+/g, ' ').trim();

/** The whole lines that a mutant changes, before and after, each as one line. */
function wholeLines(source, { location, replacement }) {
  const lines = source.split('\n').slice(location.start.line - 1, location.end.line);
  const before = lines[0].slice(0, location.start.column - 1);
  const after = lines.at(-1).slice(location.end.column - 1);
  return { was: oneLine(lines.join('\n')), becomes: oneLine(`${before}${replacement}${after}`) };
}

/**
 * @param report the tool's JSON report
 * @param equivalents `{ file, was, becomes, why }`, with `becomes` a text or a list of them
 * @param whole whether each file was looked at as a whole
 */
export function count(report, equivalents, whole = true) {
  const named = new Map();
  for (const { file, was, becomes } of equivalents) {
    for (const text of [becomes].flat())
      named.set(JSON.stringify([file, was, text]), { file, was, becomes: text });
  }
  const lived = [];
  const slow = [];
  const complaints = [];
  const fits = new Set();
  let noticed = 0;
  let equivalent = 0;
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    for (const mutant of mutants) {
      const change = { file, ...wholeLines(source, mutant) };
      const key = JSON.stringify([file, change.was, change.becomes]);
      if (named.has(key)) fits.add(key);
      if (NOTICED.has(mutant.status)) {
        noticed++;
        if (mutant.status === 'Timeout') slow.push({ ...change, line: mutant.location.start.line });
        if (named.has(key)) complaints.push(`${file}: is noticed, and named equivalent: ${change.was}`);
      } else if (LIVED.has(mutant.status)) {
        if (named.has(key)) equivalent++;
        else
          lived.push({
            ...change,
            line: mutant.location.start.line,
            untested: mutant.status === 'NoCoverage',
          });
      }
    }
  }
  for (const [key, { file, was, becomes }] of named) {
    if (whole && file in report.files && !fits.has(key)) {
      complaints.push(`${file}: named equivalent, and there is no such change: ${was} => ${becomes}`);
    }
  }
  const valid = noticed + lived.length;
  return {
    lived,
    slow,
    complaints,
    noticed,
    equivalent,
    valid,
    percent: valid === 0 ? 100 : (100 * noticed) / valid,
  };
}
