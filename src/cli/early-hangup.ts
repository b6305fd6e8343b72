/**
 * SIGHUP before the agent has read its configuration. Nothing is to be done then: what it reads is new anyway. Without a
 * handler the signal would end the process, and for the service manager that is no failure.
 *
 * It is imported before everything else, since loading the rest takes most of the start.
 */

/** Only the agent has a configuration. Other commands end with their terminal. */
export function surviveHangup(args: readonly string[]): boolean {
  return args.includes('agent');
}

if (surviveHangup(process.argv.slice(2))) {
  process.on('SIGHUP', () => undefined);
}
