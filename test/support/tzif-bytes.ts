/** Writes time zone files (RFC 8536), so that tests do not need the machine's. */

export interface TzifSource {
  /** `[offset in seconds, abbreviation]`; the first one applies before all transitions. */
  readonly types: readonly (readonly [number, string])[];
  /** `[seconds since 1970, index of the type]`. */
  readonly transitions?: readonly (readonly [number, number])[];
  readonly footer?: string;
  /** 1 means 32-bit times only, without a footer. */
  readonly version?: 1 | 2 | 3;
}

const WITHOUT_ZONE: TzifSource = { types: [[0, 'UTC']] };

export function tzifBytes(source: TzifSource): Buffer {
  const { version = 2, footer = '' } = source;
  if (version === 1) {
    return part(source, 4, 1);
  }
  // The first part may be a dummy that readers of version 2 skip.
  return Buffer.concat([
    part(WITHOUT_ZONE, 4, version),
    part(source, 8, version),
    Buffer.from(`\n${footer}\n`),
  ]);
}

function part({ types, transitions = [] }: TzifSource, timeBytes: 4 | 8, version: number): Buffer {
  // Each abbreviation stands there once, as in tzdata's files.
  const names = [...new Set(types.map(([, abbreviation]) => `${abbreviation}\0`))].join('');
  const characters = Buffer.from(names, 'latin1');
  const header = Buffer.alloc(44);
  header.write('TZif', 0, 'latin1');
  header.writeUInt8(version === 1 ? 0 : 0x30 + version, 4);
  [0, 0, 0, transitions.length, types.length, characters.length].forEach((count, index) =>
    header.writeUInt32BE(count, 20 + 4 * index),
  );
  const times = Buffer.alloc(transitions.length * timeBytes);
  transitions.forEach(([at], index) =>
    timeBytes === 8 ? times.writeBigInt64BE(BigInt(at), index * 8) : times.writeInt32BE(at, index * 4),
  );
  const indexes = Buffer.from(transitions.map(([, type]) => type));
  const records = Buffer.alloc(types.length * 6);
  types.forEach(([offset, abbreviation], index) => {
    records.writeInt32BE(offset, index * 6);
    records.writeUInt8(names.indexOf(`${abbreviation}\0`), index * 6 + 5);
  });
  return Buffer.concat([header, times, indexes, records, characters]);
}

/** A zone that is described by a rule alone. */
export function tzifOfRule(footer: string, offset: number, abbreviation: string): Buffer {
  return tzifBytes({ types: [[offset, abbreviation]], footer });
}
