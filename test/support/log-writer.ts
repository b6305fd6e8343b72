/**
 * Writes the given number of log lines of a kilobyte, whatever is at the other end of standard error, then
 * reports it.
 */
import { createLogger } from '../../src/log/log.ts';

const log = createLogger({ level: 'info', format: 'auto', env: process.env });
for (let n = 1; n <= Number(process.argv[2]); n++) {
  log.info(`line ${n} ${'x'.repeat(900)}`);
}
log.error('the last line\nand its second');
process.stdout.write('done\n');
process.exit(0);
