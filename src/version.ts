/** The agent's own version, for logs, the User-Agent and `--version`; a test holds it equal to package.json's. */
export const VERSION = '0.1.0';

/** What servers see; named after Zincati, so that their statistics and rules go on holding. */
export const USER_AGENT = `zincati/${VERSION}`;
