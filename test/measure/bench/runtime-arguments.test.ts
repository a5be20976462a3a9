import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  evaluateArguments,
  measureArguments,
  packageArguments,
} from '../../../measure/bench/runtime-arguments.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

/** Reads the arguments as the module does, and does nothing with them. */
const READ = `
import importlib, json, sys

sys.path.insert(0, sys.argv[1])
importlib.import_module("trainyard." + sys.argv[2]).make_parser().parse_args(json.loads(sys.argv[3]))
`;

const model = { modelUri: 'models:/m', out: 'out.json' };
const examples = { file: 'holdout.npz', target: 'label', id: 'id', slices: ['digit', 'stroke'] };
const named = { model: 'm', version: '1', runId: 'r', modelDigest: `sha256:${'0'.repeat(64)}`, folder: 'p' };

it.each<[string, readonly string[]]>([
  ['evaluate', evaluateArguments({ ...model, predictions: 'p.parquet' }, examples)],
  ['package', packageArguments({ ...model, ...named }, examples)],
  ['measure', measureArguments({ folder: 'p', out: 'out.json', calls: 1 })],
])('trainyard.%s takes what the benchmarks give it', (module, args) => {
  const given = [join(ROOT, 'runtime'), module, JSON.stringify(args)];
  const { status, stderr } = spawnSync(venvProgram('python'), ['-c', READ, ...given], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
