/** Holds a document to the part of JSON Schema that json-schemas.ts uses. Keys that a schema does not have are faults. */
import type { Schema } from '../../src/cli/json-schemas.ts';

/** One sentence for each fault, with its place. */
export function schemaFaults(value: unknown, schema: Schema, place = '$'): string[] {
  if (schema.anyOf !== undefined) {
    const fits = schema.anyOf.some((one) => schemaFaults(value, one, place).length === 0);
    return fits ? [] : [`${place}: none of the types fits`];
  }
  if (schema.const !== undefined) {
    return value === schema.const ? [] : [`${place}: must be ${schema.const}`];
  }
  if (schema.type === 'array') {
    return Array.isArray(value)
      ? value.flatMap((one, index) => schemaFaults(one, schema.items ?? {}, `${place}[${index}]`))
      : [`${place}: must be an array`];
  }
  if (schema.type === 'object') {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? objectFaults(value, schema, place)
      : [`${place}: must be an object`];
  }
  return isOfType(value, schema)
    ? []
    : [`${place}: must be ${schema.format ?? schema.type ?? 'something else'}`];
}

function objectFaults(value: object, schema: Schema, place: string): string[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const missing = required
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => `${place}.${key}: is missing`);
  const found = Object.entries(value).flatMap(([key, one]: [string, unknown]) => {
    const known = properties[key] ?? additionalProperties;
    return known === undefined
      ? [`${place}.${key}: is not described`]
      : schemaFaults(one, known, `${place}.${key}`);
  });
  return [...missing, ...found];
}

function isOfType(value: unknown, { type, format }: Schema): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'string':
      return typeof value === 'string' && (format === undefined || isInstant(value));
    default:
      return typeof value === type;
  }
}

/** RFC 3339, in UTC. */
function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && !Number.isNaN(Date.parse(text));
}
