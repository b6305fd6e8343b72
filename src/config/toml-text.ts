/** TOML values as text, as an operator would write them on one line. Pure. */
import { isList, isTable, joinKey } from './checker.ts';
import { quotedText } from './quoted-text.ts';
import { TomlDate, type TomlValue } from './toml.ts';

/** What it gives can be read again, and is then the same value. */
export function tomlText(value: TomlValue): string {
  if (typeof value === 'string') {
    return quotedText(value);
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
    const entries = [...value].map(([key, entry]) => `${joinKey('', key)} = ${tomlText(entry)}`);
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
  }
  throw new TypeError('no TOML value');
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
