import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig, readConfigAndText } from '../../actions/job/wiring.ts';
import { listedVariables } from '../../adapters/box/listed-variables.ts';
import { createSearchRunner } from '../../adapters/mlflow/search.ts';
import { withoutSecrets } from '../../adapters/without-secrets.ts';
import { lookAtConfiguration } from '../../cli/check/look-at-configuration.ts';
import type { Config } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { ProjectStep } from '../../core/project-port.ts';

const ADDRESS = 'postgresql://ada:s3cret@db/studies';
const ENV = { OPTUNA_STORAGE: ADDRESS, HOME: '/home/r' };

/** As a pull request may have written it. */
const textOf = (storage: string) => `version: 1
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

function read(storage: string): Config {
  const parsed = parseConfig(textOf(storage), { file: 'trainyard.yml', env: withoutSecrets(ENV) });
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
function search({ search: asked, box }: Config, storage: string | undefined, runners = 1) {
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

test.each([undefined, ''])(
  'a search whose job was not given the storage it names says so first: %s',
  async (given) => {
    const config = read(`\${OPTUNA_STORAGE}`);
    await expect(search(config, given)).rejects.toThrow(
      /names the variable OPTUNA_STORAGE, which has no value/,
    );
  },
);

test('every job reads a file that names the variable of a storage, which none but a search has', async () => {
  const workspace = mkdtempSync(path.join(tmpdir(), 'trainyard-names-storage-'));
  onTestFinished(() => rmSync(workspace, { recursive: true }));
  writeFileSync(path.join(workspace, 'trainyard.yml'), textOf(`\${OPTUNA_STORAGE}`));
  const job = { workspace, env: {} };
  const named = { search: { storage: `\${OPTUNA_STORAGE}` } };
  await expect(readConfig(job, 'trainyard.yml')).resolves.toMatchObject(named);
  await expect(readConfigAndText(job, 'trainyard.yml', {})).resolves.toMatchObject({ config: named });
  const { checked } = await lookAtConfiguration(workspace, 'trainyard.yml', {});
  expect(checked.map(({ kind }) => kind)).toEqual(['fine']);
});
