/** The code of an error of the system or of Node, and what the most common ones mean. Pure. */

/** `ENOENT`, `EAGAIN`, `ERR_BUFFER_TOO_LARGE` and the like; undefined: the error has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Nothing has this name. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** Nothing has this name, and perhaps nothing can have it, since a folder of the path is no folder. */
export function isMissingOrNotDirectory(error: unknown): boolean {
  return isMissing(error) || errorCode(error) === 'ENOTDIR';
}
