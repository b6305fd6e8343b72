import { describe, expect, it } from 'vitest';

import { Variant } from '../../../src/dbus/types.ts';
import { Changes } from '../../../src/service/changes.ts';

const values = (state: string, version: string) =>
  new Map([
    ['State', new Variant('s', state)],
    ['Booted', new Variant('a{sv}', new Map([['version', new Variant('s', version)]]))],
  ]);

describe('properties', () => {
  it('are told once, and then when they change', () => {
    const changes = new Changes();
    expect(changes.get('State')).toBe('');
    expect([...changes.update(values('Initialized', '1')).keys()]).toEqual(['State', 'Booted']);
    expect(changes.update(values('Initialized', '1')).size).toBe(0);
    const changed = changes.update(values('Initialized', '2'));
    expect([...changed.keys()]).toEqual(['Booted']);
    expect(changed.get('Booted')?.value).toBe(changes.get('Booted'));
    expect(changes.get('State')).toBe('Initialized');
  });
});
