import type { Config } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { Setup } from './schedule/setup.ts';

export const MODEL = 'mnist';
export const ENVIRONMENT = 'production';
export const REPOSITORY = 'acme/digits';

/** The times of the world in s: short, since every second of it costs something. */
export const TIMES = {
  tick: 5,
  lease: 40,
  stageMin: 15,
  deadline: 150,
  monitorEvery: 90,
  heartbeat: 3_600,
} as const;

/** So small that a false alarm is none of chance: what is left is fault. */
const ALPHA = 1e-9;
const MIN_REQUESTS = 60;

/** Address of a host's agent. */
export function urlOf(host: number): string {
  return `http://serve-${host + 1}:9443`;
}

const known = new Map<string, Config>();

/** The trainyard.yml of a schedule. */
export function configOf(setup: Setup): Config {
  const text = write(setup);
  const config = known.get(text) ?? read(text);
  known.set(text, config);
  return config;
}

/** The same as it is written. */
export function write({ hosts, maxUnavailable, shadowSeconds }: Setup): string {
  const urls = Array.from({ length: hosts }, (_, host) => `"${urlOf(host)}"`).join(', ');
  return `
version: 1
model: ${MODEL}
tracking: { uri: "http://mlflow.test" }
data: { holdout: { path: holdout.npz, target: label } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments:
  ${ENVIRONMENT}:
    hosts: [${urls}]
    rollout:
      stages: [10, 100]
      stage-min: ${TIMES.stageMin}s
      min-requests: ${MIN_REQUESTS}
      alpha: ${ALPHA}
      deadline: ${TIMES.deadline}s
      lease: ${TIMES.lease}s
      shadow: ${shadowSeconds}s
      max-unavailable: ${maxUnavailable}
monitor: { retrain: { automatic: false } }
`;
}

function read(text: string): Config {
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error.map(({ message }) => message).join('\n'));
  return config.value;
}
