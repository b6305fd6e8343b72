/** The body of a FleetLock request: who asks, and of which group. Pure. */
import { parseJsonText, SMALL_JSON } from '../../src/text/bounded-json.ts';
import { isPrintable } from '../../src/text/printable.ts';

export interface ClientParams {
  readonly id: string;
  readonly group: string;
}

/** A node's id has 32 characters; programs of a node have longer ones. */
const LONGEST = 256;

/** A text says what is wrong. */
export function clientParams(body: unknown): ClientParams | string {
  let json: unknown;
  try {
    json = typeof body === 'string' ? parseJsonText(body, SMALL_JSON) : undefined;
  } catch {
    return 'the body must be JSON';
  }
  const params = fieldOf(json, 'client_params');
  const [id, group] = [fieldOf(params, 'id'), fieldOf(params, 'group')];
  if (!isName(id) || !isName(group)) {
    return `the body must have client_params with id and group, texts of 1 to ${LONGEST} printable characters`;
  }
  return { id, group };
}

export function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value !== '' &&
    value.length <= LONGEST &&
    isPrintable(value) &&
    value.isWellFormed()
  );
}

export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === 'object' && json !== null
    ? Object.getOwnPropertyDescriptor(json, name)?.value
    : undefined;
}
