/** A real pseudo-terminal, held by a separate process (terminal.py). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Terminal {
  /** As logind names it: `pts/3`. */
  readonly name: string;
  /** Ends it. Resolves with what was seen on it, if it is read. */
  close(): Promise<string>;
}

export async function openTerminal(mode: 'reading' | 'full' | 'stopped'): Promise<Terminal> {
  const child = spawn('/usr/bin/python3', [join(import.meta.dirname, 'terminal.py'), mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  while (!output.includes('\n')) {
    await Promise.race([
      once(child.stdout, 'data'),
      exited.then(() => {
        throw new Error('cannot open a terminal: python3 ended');
      }),
    ]);
  }
  const name = output.slice(0, output.indexOf('\n'));
  return {
    name,
    close: async () => {
      const ended = once(child.stdout, 'end');
      child.stdin.end();
      await Promise.all([ended, exited]);
      return output.slice(name.length + 1);
    },
  };
}
