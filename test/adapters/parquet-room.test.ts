import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import { venvProgram } from '../../sandbox/checkout.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-room-'));
const at = (name: string) => path.join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WRITE = `
import json, sys
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

digest = "sha256:" + "a" * 64
about = {"schema": "trainyard.predictions/4", "task": "binary", "classes": ["no", "yes"], "modelDigest": digest, "holdoutDigest": digest}
about |= {"environment": {"kind": "runner", "python": "3.11.7", "differences": []}}
about |= {"closed": True, "answers": {"classes": ["yes", "no"], "positive": "yes"}, "inferred": ["task"]}
def write(name, columns, **options):
    pq.write_table(pa.table(columns).replace_schema_metadata({"trainyard": json.dumps(about)}), f"{sys.argv[1]}/{name}", **options)

small = {"id": ["a", "b"], "prediction": ["yes", "no"], "score_0": [0.25, 1.0], "label": [1, 0]}
write("snappy.parquet", small)
write("plain.parquet", small, compression="none", use_dictionary=False)
write("v2.parquet", small, data_page_version="2.0")
many = pa.array(["a"] * 4_000_000).dictionary_encode()
write("many.parquet", {f"metric.{index}": many for index in range(30)} | {"id": many})
growing = {"id": [("x" * 1_000) + str(row) for row in range(1_000)], "label": [1] * 1_000}
write("growing.parquet", growing, use_dictionary=False, column_encoding={"id": "DELTA_BYTE_ARRAY", "label": "PLAIN"})
`;

beforeAll(() => {
  execFileSync(venvProgram('python'), ['-c', WRITE, folder]);
}, 60_000);

const saidOf = (read: Promise<unknown>): Promise<string> =>
  read.then(
    () => 'read',
    (thrown) => String(thrown?.problems?.[0]?.message ?? `no refusal: ${thrown}`),
  );
const holdout = (file: string) =>
  saidOf(readHoldout(folder, { path: file, target: 'label', id: 'id', slices: [] }));

/** The file with a number that stands in it as eight bytes exchanged. */
function exchange(file: string, from: number, change: (bytes: Buffer) => void): string {
  const bytes = readFileSync(at(file));
  change(bytes.subarray(from));
  writeFileSync(at(`changed-${file}`), bytes);
  return `changed-${file}`;
}

describe('the sizes that a Parquet file says', () => {
  test.each(['snappy.parquet', 'plain.parquet', 'v2.parquet'])(
    'are right where it is whole: %s',
    async (file) => {
      expect(await saidOf(readAnswers(at(file), 2))).toBe('read');
      expect(await holdout(file)).toBe('read');
    },
  );

  test('are refused before anything is unpacked where they are too many', async () => {
    const before = process.memoryUsage().rss;
    expect(await saidOf(readAnswers(at('many.parquet'), 4_000_000))).toContain('more than 100000000 values');
    expect(await holdout('growing.parquet')).toContain('DELTA_BYTE_ARRAY');
    const length = readFileSync(at('plain.parquet')).length;
    const footer = exchange('plain.parquet', length - 8, (bytes) => bytes.writeUInt32LE(2 ** 31));
    expect(await holdout(footer)).toContain('describe itself in 2147483648 bytes');
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });

  test('are refused at once where a run of values is said to be longer than there are values', async () => {
    const file = readFileSync(at('plain.parquet'));
    const said: string[] = [];
    const began = performance.now();
    for (let place = 20; place < 60; place += 1) {
      const long = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0x0f]);
      writeFileSync(
        at('long.parquet'),
        Buffer.concat([file.subarray(0, place), long, file.subarray(place + 5)]),
      );
      said.push(await saidOf(readAnswers(at('long.parquet'), 2)), await holdout('long.parquet'));
    }
    expect(said.join()).toContain('a run is said to have 2147483647 of 2 values');
    // One alone took 23 s before.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('are refused at once where a list is said to be longer than the file', async () => {
    const file = readFileSync(at('snappy.parquet'));
    const said: string[] = [];
    const began = performance.now();
    // The list of the schema's elements is the second thing that a file says of itself.
    const footer = file.length - 8 - file.readUInt32LE(file.length - 8);
    for (let place = footer; place < footer + 40; place += 1) {
      const long = Buffer.from([0xfc, 0xfe, 0xff, 0xff, 0xff, 0x0f]);
      writeFileSync(
        at('list.parquet'),
        Buffer.concat([file.subarray(0, place), long, file.subarray(place + 6)]),
      );
      said.push(await holdout('list.parquet'));
    }
    expect(said.join()).toContain('a list in it is said to have 4294967294 elements');
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test('are refused at once where levels are said to begin before their page', async () => {
    const file = readFileSync(at('v2.parquet'));
    const said: string[] = [];
    const began = performance.now();
    for (let place = 20; place < 100; place += 1) {
      const below = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]);
      writeFileSync(
        at('levels.parquet'),
        Buffer.concat([file.subarray(0, place), below, file.subarray(place + 5)]),
      );
      said.push(await saidOf(readAnswers(at('levels.parquet'), 2)), await holdout('levels.parquet'));
    }
    expect(said.join()).toMatch(/its levels are said to be (0 and )?-2147483648/);
    // One alone took six minutes before.
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('take no memory, whatever is written in their place', async () => {
    const files = ['snappy.parquet', 'plain.parquet', 'v2.parquet'].map((name) => readFileSync(at(name)));
    // How thrift writes large whole numbers, with others around them.
    const number = fc.constantFrom(
      [0xfe, 0xff, 0xff, 0xff, 0x0f],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [0xfe, 0xff, 0xff, 0x07],
      [0],
      [0x80],
    );
    const change = fc.tuple(fc.nat(2), fc.nat(5_000), number, fc.boolean());
    const before = process.memoryUsage().rss;
    await fc.assert(
      fc.asyncProperty(change, async ([which, place, bytes, isInserted]) => {
        const file = files[which] ?? Buffer.alloc(0);
        const from = place % file.length;
        const rest = file.subarray(from + (isInserted ? 1 : bytes.length));
        writeFileSync(
          at('fuzzed.parquet'),
          Buffer.concat([file.subarray(0, from), Buffer.from(bytes), rest]),
        );
        expect(await saidOf(readAnswers(at('fuzzed.parquet'), 2))).not.toContain('no refusal');
        expect(await holdout('fuzzed.parquet')).not.toContain('no refusal');
      }),
      { numRuns: 200 },
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(600 * 2 ** 20);
  });
});
