import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nameCell } from '../../adapters/holdout/cell.ts';
import { placeHoldoutError } from '../../adapters/holdout/holdout-error.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { UserError } from '../../core/errors.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-holdout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes every holdout of the table below in each format, and prints how the runtime reads it. */
const WRITE_AND_READ = String.raw`
import json, sys
from pathlib import Path
import numpy as np
import pandas as pd
from trainyard.holdout import HoldoutColumns, load_holdout
from trainyard.outputs import name_labels

folder = Path(sys.argv[1])
rows = 5
ids = ["a", "Ü,\"b\"", "c\nd", "007", "7"]
labels = {
    "whole": [0, 1, 2, 1, 0],
    "pointed": [0.0, 1.0, 2.0, 1.0, 0.0],
    "numbers": [0.1, 1.0, 1e-7, -2.5e20, 1e16],
    "texts": ["cat", "dog", "cat", "bee", "a,b"],
    "digits": ["0", "1", "2", "1", "0"],
    "flags": [True, False, True, True, False],
    "powers": [1e16, 0.0, 2.0**53, -1e17, 1.0],
    "endless": [np.inf, 0.0, 1.0, -np.inf, 2.0],
    "endless-pointed": [np.inf, 0.5, 1.0, -np.inf, 2.0],
}
columns_as_written = {
    "endless": ["inf", "Infinity", "-INF", "+infinity", "-Infinity", "1"],
    "spaced": [" inf", "1"],
    "powers": ["1e16", "1", "9007199254740993"],
    "large-whole": ["12345678901234567890", "1"],
    "large-and-fraction": ["12345678901234567890", "1.5", "9007199254740993"],
    "endless-and-large": ["inf", "9007199254740993"],
    "endless-and-text": ["inf", "dog"],
    "classes-called-as-gaps": ["None", "Apnea", "NA", "nan", "null", "N/A", "NaN"],
    "texts-and-a-whole-number": ["NA", "1"] * 3 + ["x"],
}
json_as_written = {
    "flags-and-numbers": [True, 2, False],
    "flags-and-texts": [True, "a", 1],
    "fraction-and-text": [1.5, 2, "a"],
    "large-and-fraction": [12345678901234567890, 1.5],
    "powers": [1e16, 3],
    "texts-of-digits": ["007", "7", "2026-01-02", "None"],
}
slices = {
    "region": ["north", "south", "", "007", "NA"],
    "size": [1, 2, 3, 2, 1],
    "weight": [0.5, 1.0, 1e22, 3e-5, 123456.789],
    "large": [2**60, 2**60 + 1, 3, 4, 5],
}
said = {}
for name, label in labels.items():
    table = pd.DataFrame({"x": np.arange(rows) / 7, "label": label, "id": ids, "user": slices["size"], **slices})
    arrays = {"x": np.zeros((rows, 2, 2)), **{key: np.array(table[key].tolist()) for key in table if key != "x"}}
    files = {kind: folder / f"{name}.{kind}" for kind in ("csv", "jsonl", "parquet", "npz")}
    table.to_csv(files["csv"], index=False)
    files["jsonl"].write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_dict("records")))
    table.to_parquet(files["parquet"])
    (np.savez_compressed if name == "whole" else np.savez)(files["npz"], **arrays)
    zstd = folder / f"{name}-zstd.parquet"
    table.to_parquet(zstd, compression="zstd")
    for path in (*files.values(), zstd):
        held = load_holdout(path, HoldoutColumns("label", "id", "user", tuple(slices)), None)
        is_finite = held.labels.dtype.kind in "iufb" and np.isfinite(held.labels).all()
        numbers = held.labels.astype(float).tolist() if is_finite else None
        said[path.name] = {
            "digest": held.digest, "ids": held.ids, "groups": held.group, "slices": held.slices,
            "names": name_labels(held.labels), "numbers": numbers,
        }
def name(file, text):
    (folder / file).write_text(text)
    return name_labels(load_holdout(folder / file, HoldoutColumns("label", "id", None, ()), None).labels)
written = {}
for key, values in columns_as_written.items():
    lines = [f"{row},{value},1\n" for row, value in enumerate(values)]
    written[f"written-{key}.csv"] = name(f"written-{key}.csv", "id,label,x\n" + "".join(lines))
for key, values in json_as_written.items():
    lines = [json.dumps({"id": row, "label": value, "x": 1}) + "\n" for row, value in enumerate(values)]
    written[f"written-{key}.jsonl"] = name(f"written-{key}.jsonl", "".join(lines))
print(json.dumps([said, written]))
`;

const saidSchema = z.record(
  z.string(),
  z.object({
    digest: z.string(),
    ids: z.array(z.string()),
    groups: z.array(z.string()),
    slices: z.record(z.string(), z.array(z.string())),
    names: z.array(z.string()),
    numbers: z.array(z.number()).nullable(),
  }),
);
const printedSchema = z.tuple([saidSchema, z.record(z.string(), z.array(z.string()))]);
let said: z.infer<typeof saidSchema>;
let written: Readonly<Record<string, readonly string[]>>;

beforeAll(() => {
  const env = { ...process.env, PYTHONPATH: path.join(ROOT, 'runtime') };
  const printed = execFileSync(venvProgram('python'), ['-c', WRITE_AND_READ, folder], {
    env,
    encoding: 'utf8',
  });
  [said, written] = printedSchema.parse(JSON.parse(printed));
}, 60_000);

const HOLDOUT = { target: 'label', id: 'id', group: 'user', slices: ['region', 'size', 'weight', 'large'] };
const LABELS = ['whole', 'pointed', 'numbers', 'texts', 'digits', 'flags', 'powers'];
/** JSON knows no infinity. */
const ENDLESS = ['endless', 'endless-pointed'].flatMap((labels) =>
  ['.csv', '.parquet', '-zstd.parquet', '.npz'].map((end) => `${labels}${end}`),
);

describe('what judge reads of a holdout', () => {
  test.each(
    LABELS.flatMap((labels) =>
      ['.csv', '.jsonl', '.parquet', '-zstd.parquet', '.npz'].map((end) => `${labels}${end}`),
    ).concat(ENDLESS),
  )('is what the runtime reads: %s', async (file) => {
    const held = await readHoldout(folder, { ...HOLDOUT, path: file });
    const { digest, ids, groups, slices } = held;
    const { names, numbers, ...rest } = said[file] ?? {};
    expect({ digest, ids, groups, slices }).toEqual(rest);
    expect(held.truth.names).toEqual(names);
    if (numbers) expect([...held.truth.numbers]).toEqual(numbers);
  });

  test('are the names of labels that the runtime gives, however they are written', async () => {
    const names: Record<string, readonly string[]> = {};
    for (const file of Object.keys(written)) {
      const held = await readHoldout(folder, { path: file, target: 'label', id: 'id', slices: [] });
      names[file] = held.truth.names;
    }
    expect(names).toEqual(written);
  });

  test('names rows by their number where the file names none', async () => {
    const { ids } = await readHoldout(folder, { path: 'whole.csv', target: 'label', slices: [] });
    expect(ids).toEqual(['0', '1', '2', '3', '4']);
  });
});

describe('a holdout that can not be judged on', () => {
  const refuse = async (name: string, text: string, columns = {}): Promise<string> => {
    writeFileSync(path.join(folder, name), text);
    const read = readHoldout(folder, { path: name, target: 'label', id: 'id', slices: [], ...columns });
    return read.then(
      () => 'read',
      (thrown: unknown) =>
        z.object({ problems: z.array(z.object({ code: z.string() })) }).parse(thrown).problems[0]?.code ?? '',
    );
  };

  test.each([
    ['none.txt', 'id,label\na,1\n', 'holdout-format'],
    ['empty.csv', 'id,label\n', 'holdout-empty'],
    ['other.csv', 'id,truth\na,1\n', 'holdout-column-missing'],
    ['twice.csv', 'id,label\na,1\na,0\n', 'holdout-id-repeated'],
    ['unlabelled.csv', 'id,label\na,1\nb,\n', 'holdout-label-missing'],
    ['unlabelled-number.csv', 'id,label\na,1\nb,NA\n', 'holdout-label-missing'],
    ['unlabelled-flag.csv', 'id,label\na,True\nb,NA\n', 'holdout-label-missing'],
    ['unlabelled-text.csv', 'id,label\na,None\nb,""\n', 'holdout-label-missing'],
    ['unlabelled.jsonl', '{"id": "a", "label": null}\n', 'holdout-label-missing'],
    ['wide.csv', 'id,label\na,1,2\n', 'holdout-unreadable'],
    ['open.csv', 'id,label\n"a,1\n', 'holdout-unreadable'],
    ['torn.npz', 'PK not really', 'holdout-unreadable'],
    ['torn.parquet', 'nothing', 'holdout-unreadable'],
    ['torn.jsonl', '{"id": "a", "label": 1}\n{"id"', 'holdout-unreadable'],
    ['list.jsonl', '{"id": ["a"], "label": 1}\n', 'holdout-unreadable'],
    [
      'pointer.csv',
      'version https://git-lfs.github.com/spec/v1\noid sha256:4d\n',
      'holdout-is-an-lfs-pointer',
    ],
  ])('is refused by name: %s', async (name, text, code) => {
    expect(await refuse(name, text)).toBe(code);
  });

  test('has a line for each column that is not there, where its key stands', async () => {
    writeFileSync(path.join(folder, 'columns.csv'), 'x,label\n1,a\n');
    const text = `data:
  holdout:
    path: columns.csv
    target: labl
    id: key
    slices: [x, region]
`;
    const asked = { path: 'columns.csv', target: 'labl', id: 'key', slices: ['x', 'region'] };
    const thrown = await readHoldout(folder, asked).catch((error: unknown) => error);
    const placed = placeHoldoutError(thrown, { text, file: 'trainyard.yml' });
    expect(String(placed)).toContain('has no column `labl`; it has x, label.');
    const { problems } = placed instanceof UserError ? placed : { problems: [] };
    expect(problems.map(({ where, remedy }) => [where?.kind === 'file' && where.line, remedy])).toEqual([
      [4, 'Correct data.holdout.target in trainyard.yml.'],
      [6, 'Correct data.holdout.slices in trainyard.yml.'],
      [5, 'Correct data.holdout.id in trainyard.yml.'],
    ]);
    const other = new TypeError('ours');
    expect(placeHoldoutError(other, { text, file: 'trainyard.yml' })).toBe(other);
  });

  test('names its rows as people count them: without the header, the first is 1', async () => {
    const read = (rows: string) => {
      writeFileSync(path.join(folder, 'gaps.csv'), `x,label\n${rows}`);
      return readHoldout(folder, { path: 'gaps.csv', target: 'label', slices: [] });
    };
    await expect(read('1,a\n2,\n')).rejects.toThrow(
      '1 of 2 examples of gaps.csv have no label: row 2 (the first example is 1).',
    );
    await expect(read('1,a\n2,\n3,\n4,\n5,\n')).rejects.toThrow(
      /: rows 2, 3, 4 and 1 more \(the first example is 1\)\./,
    );
  });

  test('is refused where it is not there', async () => {
    await expect(readHoldout(folder, { path: 'nowhere.csv', target: 'label', slices: [] })).rejects.toThrow(
      /control-runner/,
    );
  });
});

test.each([
  [0.1, '0.1'],
  [1, '1'],
  [-0, '0'],
  [1e16, '1e+16'],
  [123456789012345.6, '123456789012345.6'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1.5e-300, '1.5e-300'],
  [5e-324, '5e-324'],
])('writes the number %d as the runtime does: %s', (value, text) => {
  expect(nameCell(value)).toBe(text);
});
