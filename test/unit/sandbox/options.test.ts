/** Options of the demo that go together, or do not. */
import { describe, expect, it } from 'vitest';

import { parseOptions } from '../../../sandbox/options.ts';

describe('options of a fleet in the sandbox', () => {
  it('names what the nodes get, what they hang at, and where they are', () => {
    const args = '--nodes 20 --slots 4 --etc node --hangs 2.0 --folder /tmp/fleet'.split(' ');
    expect(parseOptions(args)).toMatchObject({
      nodes: 20,
      slots: 4,
      etc: 'node',
      hangs: '2.0',
      folder: '/tmp/fleet',
    });
  });

  it.each([
    [['--etc', 'node'], '--etc must come with --nodes'],
    [['--hangs', '2.0'], '--hangs must come with --nodes'],
    [['--folder', 'fleet'], '--folder must come with --nodes'],
    [['--windows'], '--windows must come with --nodes'],
    [['--nodes', '2', '--etc', 'node', '--windows'], '--etc must come without --windows and --fail server'],
    [
      ['--nodes', '2', '--etc', 'node', '--fail', 'server'],
      '--etc must come without --windows and --fail server',
    ],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
