/**
 * The identity of a program on this node towards lock servers: as stable as the node's own, and another one for each
 * program. Pure.
 */
import { derivedId } from './node-uuid.ts';

/**
 * 32 lower-hex digits: HMAC-SHA256 of the program's name in UTF-8, keyed by the 16 bytes of the node's id. Its first 16
 * bytes are marked as a UUID of version 4, as systemd marks an app-specific machine id.
 *
 * `nodeUuid` has 32 hex digits.
 */
export function programId(nodeUuid: string, app: string): string {
  return derivedId(Buffer.from(nodeUuid, 'hex'), Buffer.from(app, 'utf8'));
}
