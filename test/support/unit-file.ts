/**
 * Reads a unit file like systemd: sections, and for each key the values of all its lines. An empty value
 * resets.
 */
export type UnitFile = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

export function parseUnitFile(text: string): UnitFile {
  const sections = new Map<string, Map<string, string[]>>();
  let section = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    if (line === '' || /^[#;]/.test(line)) {
      continue;
    }
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = sections.get(header) ?? new Map<string, string[]>();
      sections.set(header, section);
      continue;
    }
    const at = line.indexOf('=');
    if (at < 1) {
      throw new Error(`a line of a unit file must be KEY=VALUE, got "${line}"`);
    }
    const [key, value] = [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    section.set(key, value === '' ? [] : [...(section.get(key) ?? []), value]);
  }
  return sections;
}

/** The words of all lines of a key. */
export function words(file: UnitFile, section: string, key: string): readonly string[] {
  return (file.get(section)?.get(key) ?? []).flatMap((value) => value.split(/\s+/));
}
