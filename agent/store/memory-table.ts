import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';

/** What is remembered by key. */
export type MemoryTable = {
  readonly getMemory: <T>(key: string, schema: z.ZodType<T>) => T | undefined;
  /** `schema` is what the value will be asked for by: as it is known already, it is not read again by that in this process. */
  readonly putMemory: <T>(key: string, value: T, schema?: z.ZodType<T>) => void;
  /** Reads all of it anew from now on: the table was changed by something else, or what was written is undone. */
  readonly forgetRead: () => void;
};

/** A text that was read by a schema. */
type Read<T> = { readonly text: string; readonly schema: z.ZodType; readonly value: T };

const bodyRow = z.object({ body: z.string() });

/** The memory in the agent's database. Every tick asks for all of it, and little has changed: each text is read once by a schema. */
export function createMemoryTable(database: DatabaseSync): MemoryTable {
  const one = database.prepare('SELECT body FROM memory WHERE key = ?');
  const put = database.prepare('INSERT OR REPLACE INTO memory (key, body) VALUES (?, ?)');
  const texts = new Map<string, string | undefined>();
  const known = new Map<string, Read<unknown>>();
  const textOf = (key: string): string | undefined => {
    if (texts.has(key)) return texts.get(key);
    const row = one.get(key);
    const text = row === undefined ? undefined : bodyRow.parse(row).body;
    texts.set(key, text);
    return text;
  };
  return {
    getMemory: (key, schema) => {
      const text = textOf(key);
      if (text === undefined) return undefined;
      const read = known.get(key);
      if (isReadBy(read, text, schema)) return read.value;
      const value = schema.parse(JSON.parse(text));
      known.set(key, { text, schema, value });
      return value;
    },
    putMemory: (key, value, schema) => {
      const text = JSON.stringify(value);
      texts.delete(key);
      put.run(key, text);
      texts.set(key, text);
      if (schema !== undefined) known.set(key, { text, schema, value });
    },
    forgetRead: () => {
      texts.clear();
      known.clear();
    },
  };
}

/** What a schema made of a text is of the schema's type. */
function isReadBy<T>(read: Read<unknown> | undefined, text: string, schema: z.ZodType<T>): read is Read<T> {
  return read !== undefined && read.schema === schema && read.text === text;
}
