import type { Cell } from './cell.ts';
import { UnreadableError } from './unreadable.ts';

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
const DTYPE = /'descr':\s*'(?<order>[<>|=])(?<kind>[a-zA-Z])(?<size>\d+)'/;
const SHAPE = /'shape':\s*\((?<shape>[^)]*)\)/;
/** Bytes of one character of a numpy text. */
const CHARACTER = 4;

/** Reads one value of an array: its kind, its bytes, and whether the lowest comes first. */
type ReadCell = (view: DataView, at: number, little: boolean) => Cell;

const READERS: Readonly<Record<string, ReadCell>> = {
  b1: (view, at) => view.getUint8(at) !== 0,
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => view.getBigInt64(at, little),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => view.getBigUint64(at, little),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

/** The values of a one-dimensional array of numbers, flags or texts. Throws an UnreadableError for any other. */
export function parseNpy(name: string, bytes: Buffer): readonly Cell[] {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new UnreadableError(`${name} is no numpy array`);
  const major = bytes[MAGIC.length] ?? 0;
  const wide = major >= 2;
  const lengthAt = MAGIC.length + 2;
  const headerAt = lengthAt + (wide ? 4 : 2);
  const length = wide ? bytes.readUInt32LE(lengthAt) : bytes.readUInt16LE(lengthAt);
  const header = bytes.toString('latin1', headerAt, headerAt + length);
  const { order = '', kind = '', size: sizeText = '' } = DTYPE.exec(header)?.groups ?? {};
  const read = findReader(kind, Number(sizeText));
  if (read === undefined) {
    throw new UnreadableError(
      `${name} is an array of a type that is no label, id, group or slice: write numbers or texts`,
    );
  }
  const shape = (SHAPE.exec(header)?.groups?.['shape'] ?? '').split(',').map((part) => part.trim());
  const [rows = '0', ...rest] = shape.filter((part) => part !== '');
  if (rest.length > 0) throw new UnreadableError(`${name} has more than one value per example`);
  const data = bytes.subarray(headerAt + length);
  const size = kind === 'U' ? Number(sizeText) * CHARACTER : Number(sizeText);
  if (data.length < Number(rows) * size) throw new UnreadableError(`${name} is cut short`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: Number(rows) }, (_, row) => read(view, row * size, order !== '>'));
}

function findReader(kind: string, size: number): ReadCell | undefined {
  if (kind === 'U') return (view, at, little) => readText(view, at, { characters: size, little });
  if (kind === 'S') return (view, at) => readBytes(view, at, size);
  return READERS[`${kind}${size}`];
}

/** Texts are filled up with zeros. */
function readText(
  view: DataView,
  at: number,
  { characters, little }: { readonly characters: number; readonly little: boolean },
): string {
  const points = Array.from({ length: characters }, (_, index) =>
    view.getUint32(at + index * CHARACTER, little),
  );
  return String.fromCodePoint(...points.slice(0, lengthOf(points)));
}

function readBytes(view: DataView, at: number, size: number): string {
  const bytes = Array.from({ length: size }, (_, index) => view.getUint8(at + index));
  return Buffer.from(bytes.slice(0, lengthOf(bytes))).toString('utf8');
}

/** Without the zeros at the end. */
function lengthOf(values: readonly number[]): number {
  return values.findLastIndex((value) => value !== 0) + 1;
}
