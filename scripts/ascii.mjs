// Writes the bundle in ASCII. V8 keeps a source with one other character in two bytes for each, for as long as it runs.
//
// Invariant: the text means the same. Outside of comments such characters stand in texts, templates and patterns, where an
// escape is the character itself. No template is read raw.

/** For rolldown. */
export const ascii = {
  name: 'ascii',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === 'chunk') {
        chunk.code = escaped(chunk.code);
      }
    }
  },
};

/** Each UTF-16 unit beyond ASCII as an escape. One that has a backslash of its own gives that for it. */
export function escaped(code) {
  return code.replaceAll(/(\\*)([^\0-\x7f])/g, (_, slashes, unit) => {
    const kept = slashes.length % 2 === 0 ? slashes : slashes.slice(1);
    return `${kept}\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
