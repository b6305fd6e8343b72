/** The words cannot be understood. */

/** The message says which words and why. `command`: whose help to read, if that is known. */
export class UsageError extends Error {
  readonly command: string | undefined;

  constructor(message: string, command?: string) {
    super(message);
    this.command = command;
  }
}
