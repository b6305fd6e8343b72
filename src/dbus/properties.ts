/** org.freedesktop.DBus.Properties of the interfaces that an object exports. */
import { BusError } from '../errors.ts';
import { ERROR_NAME } from './message.ts';
import {
  type BusLink,
  type BusValue,
  type ExportedInterface,
  type ExportedProperty,
  Variant,
} from './types.ts';

export const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** `exported`: the other interfaces at `path`. */
export function propertiesInterface(path: string, exported: readonly ExportedInterface[]): ExportedInterface {
  const all = (name: BusValue | undefined): readonly ExportedProperty[] => {
    const found = exported.find((one) => one.name === name);
    if (found === undefined) {
      throw error('no such interface', ERROR_NAME.unknownInterface);
    }
    return found.properties ?? [];
  };
  const one = (name: BusValue | undefined, property: BusValue | undefined): ExportedProperty => {
    const found = all(name).find((candidate) => candidate.name === property);
    if (found === undefined) {
      throw error('no such property', ERROR_NAME.unknownProperty);
    }
    return found;
  };
  return {
    path,
    name: PROPERTIES,
    methods: [
      {
        member: 'Get',
        in: 'ss',
        out: 'v',
        argNames: ['interface_name', 'property_name'],
        outNames: ['value'],
        handle: ([name, property]) => [valueOf(one(name, property))],
      },
      {
        member: 'GetAll',
        in: 's',
        out: 'a{sv}',
        argNames: ['interface_name'],
        outNames: ['properties'],
        handle: ([name]) => [new Map(all(name).map((property) => [property.name, valueOf(property)]))],
      },
      {
        member: 'Set',
        in: 'ssv',
        out: '',
        argNames: ['interface_name', 'property_name', 'value'],
        handle: async ([name, property, variant], caller) => {
          await set(one(name, property), variant, caller);
          return [];
        },
      },
    ],
    signals: [
      {
        member: 'PropertiesChanged',
        signature: 'sa{sv}as',
        argNames: ['interface_name', 'changed_properties', 'invalidated_properties'],
      },
    ],
  };
}

/** Tells everybody who listens. `changed`: the new values by name. */
export function emitChanged(
  link: Pick<BusLink, 'sendSignal'>,
  path: string,
  name: string,
  changed: ReadonlyMap<string, Variant>,
): void {
  link.sendSignal({
    path,
    interface: PROPERTIES,
    member: 'PropertiesChanged',
    signature: 'sa{sv}as',
    body: [name, changed, []],
  });
}

async function set(
  property: ExportedProperty,
  variant: BusValue | undefined,
  caller: Parameters<NonNullable<ExportedProperty['set']>>[1],
): Promise<void> {
  if (property.set === undefined) {
    throw error(`${property.name} cannot be set`, ERROR_NAME.propertyReadOnly);
  }
  if (!(variant instanceof Variant) || variant.signature !== property.signature) {
    const got = variant instanceof Variant ? variant.signature : 'no variant';
    throw error(`${property.name} must be of type ${property.signature}, got ${got}`, ERROR_NAME.invalidArgs);
  }
  await property.set(variant.value, caller);
}

function valueOf(property: ExportedProperty): Variant {
  return new Variant(property.signature, property.get());
}

function error(text: string, errorName: string): BusError {
  return new BusError('bus_remote_error', text, { errorName });
}
