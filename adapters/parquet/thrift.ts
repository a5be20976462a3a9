/** Structures of Parquet lie no deeper in one another, and none of their lists is longer. */
const DEEPEST = 16;
const LONGEST_LIST = 1_000_000;
/** A whole number has no more bytes than this, seven bits in each. */
const LONGEST_NUMBER = 10;

/** Types of Thrift's compact protocol, as far as Parquet has them. */
const TYPES = {
  stop: 0,
  yes: 1,
  no: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
};

type Reader = { readonly view: DataView; offset: number };

/**
 * Walks through one structure in Thrift's compact protocol before anything is made of it: who reads it makes room for as many elements as a
 * list says it has, and five bytes say two billion. Throws where a list is said to be longer than what is left, or lies too deep.
 */
export function requireLists(view: DataView, from: number): void {
  walkStruct({ view, offset: from }, 0);
}

function walkStruct(reader: Reader, depth: number): void {
  if (depth > DEEPEST) throw new Error(`it describes itself ${DEEPEST} structures deep`);
  for (;;) {
    const head = readByte(reader);
    const type = head % 16;
    if (type === TYPES.stop) return;
    // Else the number of the field follows by itself.
    if (head < 16) readNumber(reader);
    walkElement(reader, type, depth);
  }
}

function walkElement(reader: Reader, type: number, depth: number): void {
  switch (type) {
    case TYPES.yes:
    case TYPES.no:
      return;
    case TYPES.byte:
      readByte(reader);
      return;
    case TYPES.i16:
    case TYPES.i32:
    case TYPES.i64:
      readNumber(reader);
      return;
    case TYPES.double:
      skip(reader, 8);
      return;
    case TYPES.binary:
      skip(reader, readNumber(reader));
      return;
    case TYPES.list:
      walkList(reader, depth);
      return;
    case TYPES.struct:
      walkStruct(reader, depth + 1);
      return;
    default:
      throw new Error(`it describes itself with the type ${type}, which nothing of Parquet has`);
  }
}

function walkList(reader: Reader, depth: number): void {
  const head = readByte(reader);
  const [type, short] = [head % 16, Math.floor(head / 16)];
  const size = short === 15 ? readNumber(reader) : short;
  if (size > Math.min(LONGEST_LIST, reader.view.byteLength - reader.offset))
    throw new Error(`a list in it is said to have ${size} elements`);
  // In a list a flag takes a byte.
  const isFlag = type === TYPES.yes || type === TYPES.no;
  for (let index = 0; index < size; index += 1) walkElement(reader, isFlag ? TYPES.byte : type, depth + 1);
}

function readByte(reader: Reader): number {
  skip(reader, 1);
  return reader.view.getUint8(reader.offset - 1);
}

function readNumber(reader: Reader): number {
  let value = 0;
  for (let place = 0; place < LONGEST_NUMBER; place += 1) {
    const byte = readByte(reader);
    value += (byte % 128) * 128 ** place;
    if (byte < 128) return value;
  }
  throw new Error('a number in it has no end');
}

function skip(reader: Reader, bytes: number): void {
  reader.offset += bytes;
  if (reader.offset > reader.view.byteLength)
    throw new Error('it ends in the middle of what it says of itself');
}
