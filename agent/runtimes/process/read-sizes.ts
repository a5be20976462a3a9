/** Sizes of a file in an archive in bytes, and in the list where its header begins. */
type Sizes = { readonly packed: number; readonly plain: number; readonly offset?: number };

/** What is written in the place of a number that needs 64 bits. */
const ELSEWHERE = 0xffffffff;
const ZIP64_FIELD = 1;
const FIELD_HEAD = 4;
const NUMBER_BYTES = 8;

/**
 * The sizes that a header of an archive says: those of the field for large files where the header has no room for them. Throws for
 * any other field beside it, and where the two say different things: each reader believes another.
 */
export function readSizes(written: Sizes, extra: Buffer): Sizes {
  const places = [written.plain, written.packed, ...(written.offset === undefined ? [] : [written.offset])];
  if (extra.length === 0) {
    if (places.includes(ELSEWHERE)) throw new Error('It holds a file without a size.');
    return written;
  }
  const numbers = readField(extra);
  // A file's own header holds both sizes in the field, whether it has room for them or not.
  const isOwn = written.offset === undefined;
  const [plain = 0, packed = 0, offset] = places.map((place) => {
    const number = isOwn || place === ELSEWHERE ? numbers.shift() : place;
    if (number === undefined || (place !== ELSEWHERE && place !== number)) throw twoSizes();
    return number;
  });
  if (numbers.length > 0) throw twoSizes();
  return { plain, packed, ...(offset !== undefined && { offset }) };
}

function readField(extra: Buffer): number[] {
  const length = extra.length < FIELD_HEAD ? undefined : extra.readUInt16LE(2);
  const isOnlyField =
    length !== undefined &&
    extra.readUInt16LE(0) === ZIP64_FIELD &&
    extra.length === FIELD_HEAD + length &&
    length % NUMBER_BYTES === 0;
  if (!isOnlyField) throw new Error('It holds a file with a field that Trainyard does not write.');
  return Array.from({ length: length / NUMBER_BYTES }, (_, index) =>
    Number(extra.readBigUInt64LE(FIELD_HEAD + index * NUMBER_BYTES)),
  );
}

function twoSizes(): Error {
  return new Error('It holds a file in two sizes.');
}
