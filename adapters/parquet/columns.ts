import { type AsyncBuffer, asyncBufferFromFile, parquetRead, parquetSchema } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { readMetadata, requireRoom } from './room.ts';

/** A Parquet file that is read one column at a time: a row of many columns is never an object. */
export type ParquetColumns = {
  readonly names: readonly string[];
  readonly rows: number;
  /** The file's own words about itself, by their key. */
  readonly about: ReadonlyMap<string, string>;
  /** Hands on the values of a column in their order. Rejects unless there are just as many as there are rows. */
  readonly read: (name: string, onValue: (value: unknown, row: number) => void) => Promise<void>;
};

/**
 * Opens a Parquet file; of its data nothing is unpacked yet. Rejects when the columns that are wanted of it unpack to more than there is
 * room for, together.
 */
export async function openParquet(
  path: string,
  isWanted: (name: string) => boolean,
): Promise<ParquetColumns> {
  const file: AsyncBuffer = await asyncBufferFromFile(path);
  const metadata = await readMetadata(file);
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  await requireRoom(file, metadata, names.filter(isWanted));
  const rows = Number(metadata.num_rows);
  const pairs = (metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ''] as const);
  return {
    ...{ names, rows },
    about: new Map(pairs),
    read: async (name, onValue) => {
      let seen = 0;
      // Whoever throws where the values are handed on is heard by nobody.
      let thrown: unknown;
      await parquetRead({
        ...{ file, metadata, compressors, columns: [name], rowEnd: rows },
        onChunk: ({ columnData, rowStart }) => {
          try {
            for (let place = 0; place < columnData.length; place += 1) {
              onValue(columnData[place], rowStart + place);
            }
          } catch (error) {
            thrown ??= error;
          }
          seen += columnData.length;
        },
      });
      if (thrown !== undefined) throw thrown;
      if (seen !== rows) throw new Error(`its column ${name} has ${seen} values for ${rows} rows`);
    },
  };
}
