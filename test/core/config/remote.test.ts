import { expect, test } from 'vitest';
import { parseConfig } from '../../../core/config/parse-config.ts';

/** What a file with this section `project` says, or what is wrong with it. */
function readRemote(remote: string, rest = '') {
  const text = `version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { remote: ${remote}, parameters: { lr: 0.1 } }\ngate: [{ metric: accuracy, floor: 0.1 }]\n${rest}`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  return config.ok ? config.value.project.remote : config.error.map(({ code }) => code);
}

test('a remote engine is one of two, with the room that its jobs ask for', () => {
  expect(readRemote('{ slurm: {} }')).toEqual({ kind: 'slurm' });
  const slurm = '{ partition: gpu, account: vision, qos: high, gpus: 4, cpus: 16, memory: 64GB }';
  expect(readRemote(`{ slurm: ${slurm} }`)).toEqual({
    ...{ kind: 'slurm', partition: 'gpu', account: 'vision', qos: 'high' },
    ...{ gpus: 4, cpus: 16, memoryBytes: 64_000_000_000 },
  });
  expect(readRemote('{ ray: { address: "https://head:8265", gpus: 1 } }')).toEqual({
    ...{ kind: 'ray', address: 'https://head:8265', gpus: 1 },
  });
});

test.each([
  ['{}', ['remote-not-one']],
  ['{ slurm: {}, ray: { address: "http://h:1" } }', ['remote-not-one']],
  ['{ slurm: { partition: "--prolog=/tmp/x" } }', ['invalid-value']],
  ['{ ray: { address: "ray://head:10001" } }', ['invalid-value']],
  ['{ slurm: { gpus: 0 } }', ['out-of-range']],
])('remote: %s is refused', (remote, codes) => {
  expect(readRemote(remote)).toEqual(codes);
});

test('the trials of a search are not run there', () => {
  const search = 'search: { metric: loss, trials: 3, space: { lr: { log: [0.1, 1] } } }\n';
  expect(readRemote('{ slurm: {} }', search)).toEqual(['search-not-remote']);
});

test.each([
  ['runners: 4', ['search-not-shared']],
  [`runners: 4, storage: "\${OPTUNA_STORAGE}"`, undefined],
  ['runners: 1', undefined],
  ['runners: 0', ['out-of-range']],
])('a search on several runners has a storage that they share: %s', (written, codes) => {
  const text = `version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { parameters: { lr: 0.1 } }\ngate: [{ metric: accuracy, floor: 0.1 }]\nsearch: { metric: loss, ${written}, space: { lr: { log: [0.1, 1] } } }\n`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {}, needs: [] });
  expect(config.ok ? undefined : config.error.map(({ code }) => code)).toEqual(codes);
});
