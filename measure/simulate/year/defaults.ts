import type { Config } from '../../../core/config/config.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';
import { ENVIRONMENT } from './records.ts';

/** What a trainyard.yml for this model says where it says nothing of the monitor. */
export function readDefaults(model: string): Config {
  const text = `
version: 1
model: ${model}
tracking: { uri: "http://mlflow.test" }
data: { holdout: { path: holdout.npz, target: label } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { ${ENVIRONMENT}: { hosts: ["https://serve.test:9443"] } }
`;
  const parsed = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}
