/** From a command to the file that does it. Each is loaded when it is used, so that none pays for another. */
import type { CommandOf } from './command-line.ts';
import type { CommandName } from './table/commands.ts';

type SmallName = Exclude<CommandName, 'agent' | 'help'>;
/** All but those that main.ts does itself. */
export type SmallCommand = { [Name in SmallName]: CommandOf<Name> }[SmallName];

/** Resolves with the exit code. Never rejects. */
export async function runCommand(command: SmallCommand): Promise<number> {
  switch (command.command) {
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
    default:
      throw new Error(`not written yet: ${command.command}`);
  }
}
