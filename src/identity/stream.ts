/** Which update stream the node follows. Pure. */
import { IdentityError } from '../errors.ts';
import type { Settings } from '../config/settings.ts';

/**
 * The configured stream, else that of the booted deployment. That they differ is no error: it is how a node changes
 * streams. Throws IdentityError `identity_stream`.
 */
export function resolveStream(
  settings: { readonly identity: Pick<Settings['identity'], 'stream'> },
  bootedStream: string | undefined,
): string {
  const stream = settings.identity.stream ?? bootedStream;
  if (stream === undefined || stream === '') {
    throw new IdentityError(
      'identity_stream',
      'cannot tell the update stream: the booted deployment must name one, got none; set identity.stream, for example to "stable"',
    );
  }
  return stream;
}
