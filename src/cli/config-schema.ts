/** Command `config schema`: the JSON Schema of the configuration. */
import { configSchema } from '../config/json-schema.ts';
import { EXIT } from './exit-codes.ts';
import { out } from './standard-streams.ts';

export function printConfigSchema(): number {
  out(`${JSON.stringify(configSchema(), undefined, 2)}\n`);
  return EXIT.ok;
}
