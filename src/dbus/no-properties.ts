/** org.freedesktop.DBus.Properties of an object whose interfaces have none. Pure. */
import { BusError } from '../errors.ts';
import { ERROR_NAME } from './message.ts';
import type { BusValue, ExportedInterface } from './types.ts';

/** `has`: whether the object at `path` has an interface of that name. */
export function noProperties(path: string, has: (name: BusValue | undefined) => boolean): ExportedInterface {
  const refused = ([name]: readonly BusValue[]): never => {
    throw has(name)
      ? error('no such property', ERROR_NAME.unknownProperty)
      : error('no such interface', ERROR_NAME.unknownInterface);
  };
  return {
    path,
    name: 'org.freedesktop.DBus.Properties',
    methods: [
      { member: 'Get', in: 'ss', out: 'v', argNames: ['interface_name', 'property_name'], handle: refused },
      {
        member: 'Set',
        in: 'ssv',
        out: '',
        argNames: ['interface_name', 'property_name', 'value'],
        handle: refused,
      },
      {
        member: 'GetAll',
        in: 's',
        out: 'a{sv}',
        argNames: ['interface_name'],
        handle: (args) => (has(args[0]) ? [new Map()] : refused(args)),
      },
    ],
  };
}

function error(text: string, errorName: string): BusError {
  return new BusError('bus_remote_error', text, { errorName });
}
