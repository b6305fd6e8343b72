import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';

import { programId } from '../../../src/identity/program-id.ts';

const NODE = '12345678123412341234123456789abc';

/** Made with: printf %s NAME | openssl dgst -sha256 -mac HMAC -macopt hexkey:NODE, and the UUID's six bits by hand. */
it.each([
  ['backup', 'c6f0d56812d94a2c8d0a46f4ce04536e'],
  ['podman-auto-update', '15273a4656034f6a958dff3944d1d42b'],
])('the id of %s on this node is what it always was', (app, id) => {
  expect(programId(NODE, app)).toBe(id);
});

it('another program or another node has another id, and none is that of the node', () => {
  const ids = [NODE, programId(NODE, 'a'), programId(NODE, 'b'), programId(`${NODE.slice(1)}0`, 'a')];
  expect(new Set(ids).size).toBe(ids.length);
});

it('the name is told apart to its last byte', () => {
  const digest = createHmac('sha256', Buffer.from(NODE, 'hex')).update('a@b:1').digest('hex');
  const id = programId(NODE, 'a@b:1');
  expect(id.slice(0, 12)).toBe(digest.slice(0, 12));
  expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
});
