/** TOML values as text, as an operator would write them on one line. Pure. */
import { isList, isTable } from './checker.ts';
import { TomlDate, type TomlValue } from './toml.ts';

/** What it gives can be read again, and is then the same value. */
export function tomlText(value: TomlValue): string {
  if (typeof value === 'string') {
    return quoted(value);
  }
  if (typeof value === 'number') {
    return floatText(value);
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') {
    return String(value);
  }
  if (value instanceof TomlDate) {
    return value.text;
  }
  if (isList(value)) {
    return `[${value.map(tomlText).join(', ')}]`;
  }
  if (isTable(value)) {
    const entries = [...value].map(
      ([key, entry]) => `${isBareKey(key) ? key : quoted(key)} = ${tomlText(entry)}`,
    );
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  throw new TypeError('no TOML value');
}

function isBareKey(key: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(key);
}

/** Control characters and what could reorder a line are escaped. JSON's other escapes are TOML's as well. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function floatText(value: number): string {
  if (Number.isNaN(value)) {
    return 'nan';
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? 'inf' : '-inf';
  }
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
