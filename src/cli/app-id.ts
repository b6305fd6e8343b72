/** The name under which a program takes slots, as people type it. Pure. */
import { UsageError } from './usage-error.ts';

const APP = /^[A-Za-z0-9][\w.@:+-]{0,99}$/;

/** The name as it is. Throws UsageError. */
export function parseAppId(text: string): string {
  if (!APP.test(text)) {
    const got = JSON.stringify(text.slice(0, 100));
    throw new UsageError(
      `an id must have 1 to 100 letters, digits or ._@:+-, and begin with none of those signs, got ${got}`,
    );
  }
  return text;
}
