import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { readExplanation, readSteps } from '../../adapters/read-answers.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-pictures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model of light and dark, and a holdout of PNG files in Parquet. */
const MAKE = `
import io, sys
import mlflow, numpy as np, pandas as pd
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import Schema, TensorSpec
from PIL import Image

class Light(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        light = model_input.reshape(len(model_input), -1).mean(axis=1)
        return np.stack([1 - light, light], axis=1)

single = np.dtype('float32')
signature = ModelSignature(Schema([TensorSpec(single, (-1, 3, 6, 8))]), Schema([TensorSpec(single, (-1, 2))]))
mlflow.pyfunc.save_model(sys.argv[1], python_model=Light(), signature=signature, pip_requirements=['mlflow'],
                         metadata={'classes': ['dark', 'light']})

def draw(level):
    file = io.BytesIO()
    Image.new('RGB', (30, 20), (level, level, level)).save(file, 'PNG')
    return file.getvalue()

levels = [*range(5, 100, 5), *range(160, 255, 5)]
labels = ['light' if level > 127 else 'dark' for level in levels]
pd.DataFrame({'id': levels, 'picture': map(draw, levels), 'label': labels}).to_parquet(sys.argv[2])
`;

const goldenSchema = z.object({
  examples: z.array(z.object({ inputs: z.object({ inputs: z.array(z.string()) }) })),
});

function configOf(size: string) {
  const text = `version: 1
model: light
gate: [{ metric: accuracy, floor: 0.9 }]
data: { holdout: { path: held.parquet, id: id, inputs: [picture] } }
answers: { task: binary, scores: probabilities, positive: light }
serving: { input: { kind: image, size: ${size}, mode: RGB, scale: 1/255 } }
`;
  const env = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:1' };
  const parsed = parseConfig(text, { file: 'trainyard.yml', env });
  if (!parsed.ok || parsed.value.data.holdout === undefined) throw new Error('The file is right.');
  return { ...parsed.value, holdout: parsed.value.data.holdout };
}

test('what trainyard.yml declares of pictures reads the holdout, is packed, and is held against the signature', async () => {
  const modelUri = path.join(folder, 'model');
  const held = path.join(folder, 'held.parquet');
  const env = { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' };
  execFileSync(venvProgram('python'), ['-c', MAKE, modelUri, held], { env, stdio: 'pipe' });
  const runtime = createPythonRuntime({
    ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), workspace: folder },
    ...{ env: process.env, trackingUri: 'http://127.0.0.1:1', environment: 'runner' },
    ...{ policy: { require: false, timeoutSeconds: 600 }, onLine: () => undefined },
  });
  const { holdout, answers: contract, serving } = configOf('[6, 8]');
  const answers = { contract, isSettled: false };
  const predictions = path.join(folder, 'predictions.parquet');
  const explanation = path.join(folder, 'explanation.json');
  const target = { modelUri, predictions, explanation };
  const asked = { holdout, answers, examples: [] };
  const explain = { method: 'permutation', rows: 20, timeoutSeconds: 60 } as const;
  const [evaluation] = await runtime.evaluate({
    ...{ ...asked, targets: [target], input: serving.input, explain },
  });
  expect(evaluation?.metrics['accuracy']).toBe(1);
  expect(await readSteps(predictions)).toEqual(serving.input);
  expect(await readExplanation(explanation)).toMatchObject({ method: 'permutation', grid: [6, 7] });
  await expect(
    runtime.evaluate({ ...asked, targets: [{ modelUri, predictions }], input: undefined }),
  ).rejects.toMatchObject({ problems: [{ code: 'holdout-without-steps' }] });

  const packed = path.join(folder, 'package');
  const request = {
    ...{ modelUri, modelDigest: evaluation?.modelDigest ?? '', model: 'light', version: '1', runId: 'r' },
    ...{ holdout, answers, columns: {}, folder: packed },
  };
  await runtime.buildPackage({ ...request, serving });
  const golden = goldenSchema.parse(JSON.parse(readFileSync(path.join(packed, 'golden.json'), 'utf8')));
  expect(golden.examples[0]?.inputs.inputs[0]).toMatch(/^iVBORw0KGgo/);
  expect(await runtime.measurePackage(packed, 3, 'none')).toHaveLength(3);

  await expect(
    runtime.buildPackage({ ...request, serving: configOf('[28, 28]').serving }),
  ).rejects.toMatchObject({ problems: [{ code: 'serving-input-shape' }] });
}, 300_000);
