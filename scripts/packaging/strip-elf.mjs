// Takes symbols and debugging sections out of an ELF program: what the kernel and the dynamic linker never read.
//
// Here and not by binutils, since those know one architecture per package and differ from version to version, and both
// architectures are packaged on any machine with the same bytes as result. Dynamic symbols stay: native parts need them,
// and Node names them when it crashes.
//
// Invariants: whatever is loaded into memory stays byte for byte where it was; anything unexpected throws.

const SECTION_HEADER_SIZE = 64;
const PROGRAM_HEADER_SIZE = 56;
const SHT_STRTAB = 3;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2n;
/** Names as the header has them in e_machine, and as packages call them. */
const MACHINES = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
]);

/** For which machine an ELF file is; undefined: it is no such file. */
export function elfMachine(bytes) {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  // 64 bits, little endian: nothing else is packaged.
  if (bytes[4] !== 2 || bytes[5] !== 1) return 'other';
  return MACHINES.get(bytes.readUInt16LE(18)) ?? 'other';
}

export function stripElf(bytes) {
  if ((elfMachine(bytes) ?? 'other') === 'other') {
    throw new Error('cannot strip: the file must be an ELF program for x86_64 or aarch64');
  }
  const sections = readSections(bytes);
  const kept = sections.filter(({ index, flags }) => index === 0 || (flags & SHF_ALLOC) !== 0n);
  // Then no kept section changes its number, by which others refer to it.
  if (kept.some(({ index }, place) => index !== place)) {
    throw new Error('cannot strip: sections that are loaded must come before those that are not');
  }
  const end = Math.max(
    ...kept.map(({ type, offset, size }) => (type === SHT_NOBITS ? 0 : offset + size)),
    ...segmentEnds(bytes),
  );
  const names = nameTable([...kept.map(({ name }) => name), '.shstrtab']);
  const table = Math.ceil((end + names.text.length) / 8) * 8;

  const result = Buffer.alloc(table + (kept.length + 1) * SECTION_HEADER_SIZE);
  bytes.copy(result, 0, 0, end);
  names.text.copy(result, end);
  for (const { index, header } of kept) {
    const at = table + index * SECTION_HEADER_SIZE;
    header.copy(result, at);
    result.writeUInt32LE(names.places[index], at);
  }
  const last = table + kept.length * SECTION_HEADER_SIZE;
  result.writeUInt32LE(names.places[kept.length], last);
  result.writeUInt32LE(SHT_STRTAB, last + 4);
  result.writeBigUInt64LE(BigInt(end), last + 24);
  result.writeBigUInt64LE(BigInt(names.text.length), last + 32);
  result.writeBigUInt64LE(1n, last + 48);

  result.writeBigUInt64LE(BigInt(table), 0x28);
  result.writeUInt16LE(kept.length + 1, 0x3c);
  result.writeUInt16LE(kept.length, 0x3e);
  return result;
}

function readSections(bytes) {
  const table = Number(bytes.readBigUInt64LE(0x28));
  const count = bytes.readUInt16LE(0x3c);
  if (table === 0 || count === 0 || bytes.readUInt16LE(0x3a) !== SECTION_HEADER_SIZE) {
    throw new Error('cannot strip: the file must have a section table');
  }
  const sections = Array.from({ length: count }, (_, index) => {
    const at = table + index * SECTION_HEADER_SIZE;
    const header = bytes.subarray(at, at + SECTION_HEADER_SIZE);
    return {
      index,
      header,
      type: header.readUInt32LE(4),
      flags: header.readBigUInt64LE(8),
      offset: Number(header.readBigUInt64LE(24)),
      size: Number(header.readBigUInt64LE(32)),
    };
  });
  const { offset } = sections[bytes.readUInt16LE(0x3e)];
  for (const section of sections) {
    const start = offset + section.header.readUInt32LE(0);
    section.name = bytes.toString('latin1', start, bytes.indexOf(0, start));
  }
  return sections;
}

function segmentEnds(bytes) {
  const table = Number(bytes.readBigUInt64LE(0x20));
  return Array.from({ length: bytes.readUInt16LE(0x38) }, (_, index) => {
    const at = table + index * PROGRAM_HEADER_SIZE;
    return Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32));
  });
}

function nameTable(names) {
  const places = [];
  let text = '';
  for (const name of names) {
    places.push(text.length);
    text += `${name}\0`;
  }
  return { text: Buffer.from(text, 'latin1'), places };
}
