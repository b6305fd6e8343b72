/** Faults in files that no compiler reads: the text with another setting, or with another shell function. Pure. */

/** Throws when there is no such section. The new lines stand at its top; those that were there are gone. */
export function withSetting(
  text: string,
  section: string,
  key: string,
  make: (original: readonly string[]) => readonly string[],
): string {
  const header = `[${section}]`;
  const lines = text.split('\n');
  const begin = lines.indexOf(header);
  if (begin < 0) {
    throw new Error(`there must be a section ${header}`);
  }
  const next = lines.findIndex((line, index) => index > begin && line.startsWith('['));
  const end = next < 0 ? lines.length : next;
  const own = lines.slice(begin + 1, end);
  const isOfKey = (line: string): boolean => line.startsWith(`${key}=`);
  const values = make(own.filter(isOfKey).map((line) => line.slice(key.length + 1)));
  return [
    ...lines.slice(0, begin + 1),
    ...values.map((value) => `${key}=${value}`),
    ...own.filter((line) => !isOfKey(line)),
    ...lines.slice(end),
  ].join('\n');
}

/** Throws when there is no such variable: `NAME=` at the beginning of a line. */
export function withShellVariable(text: string, name: string, value: string): string {
  const found = new RegExp(`^${name}=.*$`, 'm');
  if (!found.test(text)) {
    throw new Error(`there must be a shell variable ${name}`);
  }
  return text.replace(found, () => `${name}=${value}`);
}

/** Throws when there is no such function: `NAME() {` on one line, `}` on another. */
export function withShellFunction(text: string, name: string, body: string): string {
  const found = new RegExp(`^${name}\\(\\) \\{\\n(?:.*\\n)*?\\}$`, 'm');
  if (!found.test(text)) {
    throw new Error(`there must be a shell function ${name}`);
  }
  return text.replace(found, () => `${name}() {\n  ${body}\n}`);
}
