import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnswers, readSteps } from '../../adapters/read-answers.ts';
import type { ServingInput } from '../../core/config/config.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-answers-'));
const at = (name: string) => path.join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const STEPS: ServingInput = {
  ...{ kind: 'image', size: [28, 32], mode: 'L', scale: 1 / 255, mean: [0.1], std: [0.3] },
  ...{ layout: 'HW', interpolation: 'bicubic', shorterSide: 40 },
};

/** A file as a job that means harm could write it: with labels, slices and groups of its own. */
const WRITE = `
import json, sys
import pyarrow as pa
import pyarrow.parquet as pq

digest = "sha256:" + "a" * 64
metadata = {"schema": "trainyard.predictions/4", "task": "binary", "classes": ["no", "yes"], "modelDigest": digest}
metadata |= {"environment": {"kind": "runner", "python": "3.11.7", "differences": []}}
metadata |= {"closed": True, "answers": {"classes": ["yes", "no"], "positive": "yes"}, "inferred": ["task"]}
metadata |= {"holdoutDigest": digest, "signature": {"inputs": '[{"type": "double", "name": "x"}]'}}
columns = {
    "id": ["a", "b"], "prediction": ["yes", "maybe"], "score_0": [0.25, 1.0], "score_1": [0.75, 0.0],
    "metric.profit": [2.0, None], "label": ["yes", "maybe"], "slice.region": ["n", "s"], "group": ["u", "u"],
}
write = lambda name, columns, about: pq.write_table(
    pa.table(columns).replace_schema_metadata({"trainyard": json.dumps(about)}), f"{sys.argv[1]}/{name}"
)
write("forged.parquet", columns, metadata)
sys.path.insert(0, sys.argv[2])
from trainyard.picture_steps import parse_steps

pictures = parse_steps(json.loads(sys.argv[3])).to_json()
write("pictures.parquet", columns, {**metadata, "pictures": pictures})
write("otherwise.parquet", columns, {**metadata, "pictures": {**pictures, "mode": "CMYK"}})
write("older.parquet", columns, {**metadata, "schema": "trainyard.predictions/1"})
write("many.parquet", {"id": pa.array(["a"] * 1_000_000).dictionary_encode()}, metadata)
`;

beforeAll(() => {
  execFileSync(venvProgram('python'), [
    '-c',
    WRITE,
    folder,
    path.join(ROOT, 'runtime'),
    JSON.stringify(STEPS),
  ]);
}, 60_000);

describe('a file of predictions', () => {
  test('gives answers and nothing else that stands in it', async () => {
    expect(await readAnswers(at('forged.parquet'), 2)).toEqual({
      environment: { kind: 'runner', python: '3.11.7', differences: [] },
      answers: {
        ...{ task: 'binary', classes: ['no', 'yes'], ids: ['a', 'b'], isClosed: true },
        ...{ contract: { classes: ['yes', 'no'], positive: 'yes' }, inferred: ['task'] },
        predictions: Float64Array.of(1, -1),
        scores: [Float64Array.of(0.25, 1), Float64Array.of(0.75, 0)],
        rowMetrics: { profit: Float64Array.of(2, Number.NaN) },
        holdoutDigest: `sha256:${'a'.repeat(64)}`,
      },
      modelDigest: `sha256:${'a'.repeat(64)}`,
      signature: expect.objectContaining({}),
    });
  });

  test('says by which steps pictures were taken, as the configuration does, or that none were', async () => {
    expect(await readSteps(at('pictures.parquet'))).toEqual(STEPS);
    expect(await readSteps(at('forged.parquet'))).toBeUndefined();
    await expect(readSteps(at('otherwise.parquet'))).rejects.toThrow(/mode/);
    await expect(readSteps(at('older.parquet'))).rejects.toThrow(/schema/);
  });

  test('of more rows than the holdout has is refused by their number, before they are unpacked', async () => {
    const began = performance.now();
    await expect(readAnswers(at('many.parquet'), 2)).rejects.toThrow(
      /they are 1000000, and the holdout has 2 examples/,
    );
    expect(performance.now() - began).toBeLessThan(500);
  });

  test('of another version is refused', async () => {
    await expect(readAnswers(at('older.parquet'), 2)).rejects.toThrow(
      /same version of all Trainyard actions/,
    );
  });
});
