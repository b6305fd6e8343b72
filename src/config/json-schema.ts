/**
 * The whole configuration as a JSON Schema, from the same table that the agent reads with. Pure.
 *
 * An editor takes it with a first line such as `#:schema ./zincati.schema.json` in a drop-in.
 */
import type { JsonShape } from './json-shapes.ts';
import { CONFIG_KEYS, type ConfigKey, SCHEMA } from './schema.ts';

const DIALECT = 'http://json-schema.org/draft-07/schema#';

/** Keys that the agent would ignore are refused, as most of them are misspelt. */
export function configSchema(): Readonly<Record<string, unknown>> {
  return { $schema: DIALECT, title: 'Configuration of the update agent', ...sectionOf(CONFIG_KEYS, '') };
}

function sectionOf(keys: readonly ConfigKey[], prefix: string): JsonShape {
  const names = [...new Set(keys.map((key) => key.slice(prefix.length).split('.')[0] ?? ''))];
  const properties: Record<string, JsonShape> = {};
  for (const name of names) {
    const path = `${prefix}${name}`;
    const exact = keys.find((key) => key === path);
    properties[name] =
      exact === undefined
        ? sectionOf(
            keys.filter((key) => key.startsWith(`${path}.`)),
            `${path}.`,
          )
        : shapeOf(exact);
  }
  return { type: 'object', additionalProperties: false, properties };
}

function shapeOf(key: ConfigKey): JsonShape {
  const { json, doc, fallback, fields, needed } = SCHEMA[key];
  const given = fallback === undefined || fields !== undefined ? {} : { default: fallback };
  if (fields === undefined) {
    return { description: doc, ...json, ...given };
  }
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { description: field.doc, ...field.json }]),
  );
  const entry: JsonShape = {
    type: 'object',
    additionalProperties: false,
    properties,
    ...(needed !== undefined && { required: needed }),
  };
  return { description: doc, ...json, items: entry };
}
