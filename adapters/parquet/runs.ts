/** Writers fill the last run of a page up; none by more values than this. */
const FILLED_UP = 512;
/** A number of seven bits a byte has no more bytes than this. */
const LONGEST_NUMBER = 5;
const WIDEST = 32;

/** The part of a page that holds runs: flags, or places in a dictionary, each of so many bits, and how many there are at most. */
type Runs = {
  readonly page: Uint8Array;
  readonly from: number;
  readonly end: number;
  readonly width: number;
  readonly values: number;
};

/**
 * Looks at the lengths of runs in Parquet's hybrid of run lengths and packed bits before they are unpacked: who reads them believes each, and
 * five bytes may stand for two billion values. Throws where one is longer than there are values.
 */
export function requireRuns({ page, from, end, width, values }: Runs): void {
  if (!(width >= 0 && width <= WIDEST)) throw new Error(`its values have ${width} bits`);
  const last = Math.min(end, page.byteLength);
  let [offset, seen] = [from, 0];
  while (offset < last && seen < values) {
    const header = readNumber(page, offset);
    offset = header.next;
    const isPacked = header.value % 2 === 1;
    const length = Math.floor(header.value / 2);
    const count = isPacked ? 8 * length : length;
    if (count > values - seen + FILLED_UP)
      throw new Error(`a run is said to have ${count} of ${values} values`);
    offset += isPacked ? length * width : Math.ceil(width / 8);
    seen += count;
  }
}

function readNumber(page: Uint8Array, from: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let place = 0; place < LONGEST_NUMBER; place += 1) {
    const byte = page[from + place] ?? 0;
    value += (byte % 128) * 128 ** place;
    if (byte < 128) return { value, next: from + place + 1 };
  }
  throw new Error('the length of a run has no end');
}
