/** The permissions of a file as people write them: `0640`. Pure. */
export function modeText(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
