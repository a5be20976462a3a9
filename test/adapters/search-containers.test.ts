import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createSearchRunner } from '../../adapters/mlflow/search.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import type { ProjectStep } from '../../core/project-port.ts';

const specSchema = z.object({
  project: z.object({
    box: z.object({ command: z.array(z.string()) }),
    container_label: z.string().nullable(),
  }),
});
const CONFIG = `version: 1
model: digits
tracking: { uri: "http://mlflow.test" }
project: { parameters: { lr: 0.1 } }
gate: [{ metric: "mlflow:loss", ceiling: 100 }]
search: { metric: loss, space: { lr: { log: [0.01, 1] } } }
`;
/** Stands for docker and for the Python of the search: one says what it was asked, the other keeps what it was told and is lost. */
const DOCKER = '#!/bin/sh\necho "$*" >> "$0.log"\n';
const PYTHON = '#!/bin/sh\ncp "$6" "$0.spec"\nkill -9 $$\n';

test('an attempt after one that was killed looks for its containers by the label that these were given', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-search-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const place = (name: string) => path.join(folder, name);
  for (const [name, text] of Object.entries({ docker: DOCKER, python: PYTHON })) {
    writeFileSync(place(name), text);
    chmodSync(place(name), 0o755);
  }
  const config = parseConfig(CONFIG, { file: 'trainyard.yml', env: {} });
  if (!config.ok || config.value.search === undefined) throw new Error('no search');
  const { search, box } = config.value;
  const step: ProjectStep = {
    ...{ uri: '.', entryPoint: 'main', environment: 'docker', experiment: 'e', runId: 'r' },
    ...{ parameters: {}, timeoutSeconds: 1, variables: {} },
  };
  const attempt = async () => {
    writeFileSync(place('docker.log'), '');
    const runner = createSearchRunner({
      ...{ python: place('python'), runtime: '/nowhere', cwd: folder, policy: box, folder },
      ...{ env: { PATH: `${folder}:/usr/bin:/bin` }, variables: [], inputs: [], docker: true },
      ...{ trackingUri: '', onLine: () => undefined, storage: undefined },
      containers: { job: 'same-correlation', gpus: false },
    });
    const asked = { step, study: 's', host: 'job', search, tags: {}, onProgress: () => undefined };
    await expect(runner.run(asked)).rejects.toThrow('ended with a signal');
    const { project } = specSchema.parse(JSON.parse(readFileSync(place('python.spec'), 'utf8')));
    expect(project.container_label).toBe('trainyard.run');
    const label = project.box.command.find((word) => word.startsWith('label=')) ?? '';
    const lookedFor = readFileSync(place('docker.log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '');
    expect(lookedFor).toEqual(Array(2).fill(`ps --all --quiet --filter ${label}`));
    return label;
  };
  expect(await attempt()).toBe('label=trainyard.job=same-correlation');
  expect(await attempt()).toBe(await attempt());
});
