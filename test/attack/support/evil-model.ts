import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const MLMODEL = `flavors:
  python_function:
    loader_module: evil
    code: code
    python_version: 3.11.0
signature:
  inputs: '[{"type": "double", "name": "x", "required": true}]'
  outputs: '[{"type": "double", "required": true}]'
mlflow_version: 3.17.2
utc_time_created: '2026-01-01 00:00:00.000000'
`;

/** Writes a model as MLflow keeps it, whose answer is what this Python says; `rows` is how many are due. Gives its folder. */
export function writeEvilModel(folder: string, body: string): string {
  const model = path.join(folder, 'model');
  mkdirSync(path.join(model, 'code'), { recursive: true });
  writeFileSync(path.join(model, 'MLmodel'), MLMODEL);
  const lines = body.trim().split('\n');
  const code = ['import numpy as np', 'class Evil:', '    def predict(self, inputs, params=None):'];
  const predict = ['rows = len(inputs)', ...lines].map((line) => `        ${line}`);
  const load = ['def _load_pyfunc(path):', '    return Evil()', ''];
  writeFileSync(path.join(model, 'code', 'evil.py'), [...code, ...predict, ...load].join('\n'));
  return model;
}
