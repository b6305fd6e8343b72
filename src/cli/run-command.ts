/** From a command to the file that does it. Each is loaded when it is used, so that none pays for another. */
import type { CommandOf } from './command-line.ts';
import type { CommandName } from './table/commands.ts';

type SmallName = Exclude<CommandName, 'agent' | 'help'>;
/** All but those that main.ts does itself. */
export type SmallCommand = { [Name in SmallName]: CommandOf<Name> }[SmallName];

/** Resolves with the exit code. Never rejects. */
export async function runCommand(command: SmallCommand): Promise<number> {
  switch (command.command) {
    case 'status':
      return (await import('./status.ts')).status(command);
    case 'why':
      return (await import('./why.ts')).why(command);
    case 'wait':
      return (await import('./wait.ts')).wait(command);
    case 'check':
      return (await import('./check.ts')).check(command);
    case 'update':
      return (await import('./update.ts')).update(command);
    case 'reboot':
      return (await import('./reboot.ts')).reboot(command);
    case 'cancel':
      return (await import('./cancel.ts')).cancel(command);
    case 'discard':
      return (await import('./discard.ts')).discard(command);
    case 'hold':
      return (await import('./hold.ts')).hold(command);
    case 'release':
      return (await import('./release.ts')).release(command);
    case 'deny':
      return (await import('./deny.ts')).deny(command);
    case 'allow':
      return (await import('./allow.ts')).allow(command);
    case 'denied':
      return (await import('./denied.ts')).denied(command);
    case 'history':
      return (await import('./history.ts')).history(command);
    case 'support':
      return (await import('./support.ts')).support(command);
    case 'lock':
      return (await import('./lock.ts')).lock(command);
    case 'unlock':
      return (await import('./unlock.ts')).unlock(command);
    case 'run-locked':
      return (await import('./run-locked.ts')).runLocked(command);
    case 'completion':
      return (await import('./completion.ts')).completion(command);
    case 'deadend-motd set':
    case 'deadend-motd unset':
      return (await import('./deadend-motd.ts')).deadendMotd(command);
    case 'ex moo':
      return (await import('./ex-moo.ts')).exMoo(command);
    case 'ex last-refresh-time':
      return (await import('./ex-last-refresh-time.ts')).exLastRefreshTime(command);
    case 'config check':
      return (await import('./config-check.ts')).configCheck(command);
    case 'config show':
      return (await import('./config-show.ts')).configShow(command);
    case 'config schema':
      return (await import('./config-schema.ts')).printConfigSchema();
    case 'calendar':
      return (await import('./show-calendar.ts')).showCalendar(command);
  }
}
