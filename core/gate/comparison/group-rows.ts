/** Rows gathered by a key: the keys in order of appearance, each row's place among them, and each key's rows. */
type RowGroups<K> = {
  readonly names: readonly K[];
  readonly groupOf: Uint32Array;
  readonly rowsOf: readonly Uint32Array[];
};

/** Gathers rows by the name or number each carries. */
export function groupRows<K extends string | number>(keys: ArrayLike<K>): RowGroups<K> {
  const places = new Map<K, number>();
  const rows: number[][] = [];
  const groupOf = Uint32Array.from(keys, (key, row) => {
    const known = places.get(key);
    const place = known ?? places.size;
    if (known === undefined) {
      places.set(key, place);
      rows.push([]);
    }
    rows[place]?.push(row);
    return place;
  });
  return { names: [...places.keys()], groupOf, rowsOf: rows.map((list) => Uint32Array.from(list)) };
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Names in the order people expect: `2` before `10`. Different names are never equal. */
export function compareNames(a: string, b: string): number {
  return COLLATOR.compare(a, b) || (a < b ? -1 : Number(a > b));
}
