import type { Cell } from './cell.ts';
import type { ColumnNames, Columns } from './columns.ts';
import { parseNpy } from './parse-npy.ts';
import { UnreadableError } from './unreadable.ts';
import { openZip } from './zip.ts';

const SUFFIX = '.npy';

/** Arrays of an npz file, by name; only those that are asked for are unpacked. */
export async function readNpz(file: string, wanted: ColumnNames): Promise<Columns> {
  const zip = await openZip(file);
  try {
    const names = zip.names
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length));
    const columns = new Map<string, readonly Cell[]>();
    for (const name of wanted.all.filter((one) => names.includes(one))) {
      columns.set(name, parseNpy(name, await zip.read(`${name}${SUFFIX}`)));
    }
    return {
      names,
      read: (name) => {
        const cells = columns.get(name);
        if (cells === undefined) throw new UnreadableError(`it has no array ${name}`);
        return cells;
      },
    };
  } finally {
    await zip.close();
  }
}
