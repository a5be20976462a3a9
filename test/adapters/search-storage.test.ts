import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { listedVariables } from '../../adapters/box/listed-variables.ts';
import { createSearchRunner } from '../../adapters/mlflow/search.ts';
import { withoutSecrets } from '../../adapters/without-secrets.ts';
import type { Config } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { ProjectStep } from '../../core/project-port.ts';

const ADDRESS = 'postgresql://ada:s3cret@db/studies';
const ENV = { OPTUNA_STORAGE: ADDRESS, HOME: '/home/r' };

/** As a pull request may have written it. */
function read(storage: string): Config {
  const text = `version: 1
model: digits
tracking: { uri: "http://mlflow.test" }
project: { parameters: { lr: 0.1, leak: "\${OPTUNA_STORAGE}", other: "x\${OPTUNA_STORAGE:-}" } }
gate: [{ metric: "mlflow:loss", ceiling: 100 }]
search:
  metric: loss
  storage: "${storage}"
  parameters: { leak: "\${OPTUNA_STORAGE}" }
  space: { lr: { log: [0.01, 1] } }
`;
  const parsed = parseConfig(text, { file: 'trainyard.yml', env: withoutSecrets(ENV) });
  if (!parsed.ok) throw new Error(parsed.error.map(({ message }) => message).join(' '));
  return parsed.value;
}

test('the address of a storage is in no value of a file that names its variable', () => {
  expect(JSON.stringify(read(`\${OPTUNA_STORAGE}`))).not.toContain('s3cret');
});

test('no training has the variable, though the default branch names it', () => {
  expect(listedVariables(ENV, 'training', ['OPTUNA_STORAGE', 'HOME'])).toEqual({ HOME: '/home/r' });
});

/** Runs that search where the job has this storage. */
function search({ search: asked, box }: Config, storage: string, runners = 1) {
  if (asked === undefined) throw new Error('no search');
  const runner = createSearchRunner({
    ...{ python: 'python-that-is-not-here', runtime: '/nowhere', cwd: '/', env: {}, policy: box },
    ...{ variables: [], inputs: [], docker: false, trackingUri: '', onLine: () => undefined },
    ...{ folder: tmpdir(), storage },
  });
  const step: ProjectStep = {
    ...{ uri: '.', entryPoint: 'main', environment: 'local', experiment: 'e', runId: 'r' },
    ...{ parameters: {}, timeoutSeconds: 1, variables: {} },
  };
  const request = { step, study: 's', host: 'job', search: { ...asked, runners } };
  return runner.run({ ...request, tags: {}, onProgress: () => undefined });
}

test.each(['sqlite:////home/r/.profile', `\${OPTUNA_STORAGE}?service=x`, 'postgresql://metadata.internal/x'])(
  'a storage that a file names by itself is not opened: %s',
  async (storage) => {
    const asked = search(read(storage), ADDRESS);
    await expect(asked).rejects.toThrow('only that of the variable OPTUNA_STORAGE is opened');
  },
);

test('a file is no storage that several runners share', async () => {
  const asked = search(read(`\${OPTUNA_STORAGE}`), 'sqlite:////var/lib/studies.db', 2);
  await expect(asked).rejects.toThrow(/2 runners would search .* names a file/);
});
