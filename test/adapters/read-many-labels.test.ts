import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { splitLabels } from '../../core/answers/contract.ts';
import { joinAnswers } from '../../core/gate/join-answers.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-many-labels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLASSES = ['a', 'b', 'a,b', '"q"', 'two words', '2'];
const MAPPING = { eins: 'a', '3': '2' };
/** Each one row: separators, spaces of every kind, quotes, what is named twice, and what stands for another name. */
const KNOWN = [
  ...['a', 'a|b', ' a | b ', 'b|a', 'a|a', '|', '||', ' | ', 'a||b', '|a', 'a|', '\ta', 'two words|a'],
  ...['a,b|b', '"q"|a', 'eins', 'a|eins', 'eins|b', '2', '2|3', '3', 'a\u00A0|b', 'a\u3000', 'a\u2028|b'],
  ...['a\u0085|b', 'a\u001F|\u001Cb'],
];
/** What looks like a class and is none. */
const UNKNOWN = ['A', 'a;b', 'two  words', 'a\\|b', 'a b', '\u200Ba', '|\uFEFFa', '2.0', 'None', 'a|NA'];

const WRITE_AND_READ = String.raw`
import json, sys
from pathlib import Path
import numpy as np
import pandas as pd
from trainyard.holdout import HoldoutColumns, load_holdout
from trainyard.labels import mark_truth, name_labels
from trainyard.several import split_labels

folder, asked = Path(sys.argv[1]), json.loads(sys.argv[2])
said = {}
for name in ("known", "unknown"):
    rows = [*asked[name]]
    table = pd.DataFrame({"x": np.arange(len(rows)) / 7, "label": rows})
    files = {kind: folder / f"{name}.{kind}" for kind in ("csv", "jsonl", "parquet", "npz")}
    table.to_csv(files["csv"], index=False)
    files["jsonl"].write_text("".join(json.dumps(row) + "\n" for row in table.to_dict("records")))
    table.to_parquet(files["parquet"])
    np.savez(files["npz"], x=np.zeros((len(rows), 2, 2)), label=np.array(rows))
    for path in files.values():
        labels = load_holdout(path, HoldoutColumns("label", None, None, ()), None).labels
        said[path.name] = {
            "names": [split_labels(text) for text in name_labels(labels)],
            "marked": mark_truth(labels, asked["mapping"], tuple(asked["classes"])).tolist() if name == "known" else [],
        }
print(json.dumps(said))
`;

const saidSchema = z.record(
  z.string(),
  z.object({ names: z.array(z.array(z.string())), marked: z.array(z.array(z.number())) }),
);
let said: z.infer<typeof saidSchema>;

beforeAll(() => {
  const asked = { known: KNOWN, unknown: UNKNOWN, classes: CLASSES, mapping: MAPPING };
  const printed = execFileSync(venvProgram('python'), ['-c', WRITE_AND_READ, folder, JSON.stringify(asked)], {
    env: { ...process.env, PYTHONPATH: path.join(ROOT, 'runtime') },
    encoding: 'utf8',
  });
  said = saidSchema.parse(JSON.parse(printed));
}, 60_000);

const FORMATS = ['csv', 'jsonl', 'parquet', 'npz'];

async function joinTo(file: string) {
  const held = await readHoldout(folder, { path: file, target: 'label', slices: [] });
  const zeros = CLASSES.map(() => new Float64Array(held.ids.length));
  const answers = {
    ...{ task: 'multilabel' as const, classes: CLASSES, isClosed: true, inferred: [], scores: [] },
    ...{ contract: { classes: CLASSES, labels: MAPPING }, rowMetrics: {}, holdoutDigest: held.digest },
    ...{ ids: held.ids, predictions: new Float64Array(held.ids.length), parts: zeros },
  };
  return { held, joined: joinAnswers(answers, held, 'challenger') };
}

test.each(FORMATS)('judge reads the classes of a row as the runtime does: %s', async (format) => {
  const { held, joined } = await joinTo(`known.${format}`);
  expect(held.truth.names.map((text) => [...splitLabels(text)])).toEqual(said[`known.${format}`]?.names);
  if (!joined.ok) throw new Error(joined.error[0]?.message);
  const { truths = [] } = joined.value;
  const marked = held.ids.map((_, row) => truths.map((column) => column[row]));
  expect(marked).toEqual(said[`known.${format}`]?.marked);
});

test.each(FORMATS)('and takes for none what the runtime takes for none: %s', async (format) => {
  const { held, joined } = await joinTo(`unknown.${format}`);
  expect(held.truth.names.map((text) => [...splitLabels(text)])).toEqual(said[`unknown.${format}`]?.names);
  expect(joined.ok ? '' : joined.error[0]?.message).toMatch(
    `${UNKNOWN.length} of ${UNKNOWN.length} examples`,
  );
});
