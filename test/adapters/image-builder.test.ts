import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildImage } from '../../adapters/images/builder.ts';
import { dockerCli } from '../../adapters/images/docker-cli.ts';
import { parsePipSettings, writePipFolder } from '../../adapters/images/pip.ts';

test('reads pip’s settings, the environment’s before those of files', () => {
  const lines = [
    ":env:.cert='/from/env.crt'",
    "global.cert='/from/file.crt'",
    "install.find-links='/wheels'",
    'noise',
  ];
  expect(parsePipSettings(lines)).toEqual({ cert: '/from/env.crt', 'find-links': '/wheels' });
});

test('copies the certificates and wheels pip is told of, and leaves out indexes that are folders', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-pip-'));
  const wheels = join(folder, 'mine');
  mkdirSync(wheels);
  writeFileSync(join(wheels, 'torch-1.whl'), 'wheel');
  writeFileSync(join(wheels, 'notes.txt'), 'not a package');
  writeFileSync(join(folder, 'ca.pem'), 'certificate');
  await writePipFolder(join(folder, 'pip'), {
    cert: join(folder, 'ca.pem'),
    'find-links': `${wheels} https://example.com/wheels ${join(folder, 'missing')}`,
    'extra-index-url': 'file:///mirror https://example.com/simple',
  });
  expect(readdirSync(join(folder, 'pip', 'wheels'))).toEqual(['torch-1.whl']);
  expect(readFileSync(join(folder, 'pip', 'ca.crt'), 'utf8')).toBe('certificate');
  expect(readFileSync(join(folder, 'pip', 'pip.conf'), 'utf8').split('\n')).toEqual([
    '[global]',
    'extra-index-url = https://example.com/simple',
    'cert = /tmp/pip/ca.crt',
    'find-links = /tmp/pip/wheels https://example.com/wheels',
    '',
  ]);
  rmSync(folder, { recursive: true });
});

test.each(['Team/Digits', 'digits:latest', 'digits digits', ''])(
  '“%s” is no repository of images',
  async (repository) => {
    const docker = () => Promise.reject(new Error('must not be asked'));
    const request = {
      model: 'm',
      version: '1',
      archive: 'm.mar',
      requirements: 'r.txt',
      base: 'b',
      repository,
      push: false,
    };
    const options = { docker, template: 'runtime/image', pip: {} };
    await expect(buildImage(options, request)).rejects.toMatchObject({
      problems: [{ code: 'image-repository-invalid' }],
    });
  },
);

test('names the engine that does not answer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-bin-'));
  writeFileSync(
    join(folder, 'docker'),
    '#!/bin/sh\necho "Cannot connect to the Docker daemon at $DOCKER_HOST." >&2; exit 1\n',
    { mode: 0o755 },
  );
  const docker = dockerCli({
    host: 'unix:///nowhere.sock',
    env: { PATH: `${folder}:${process.env['PATH']}` },
  });
  await expect(docker(['version'])).rejects.toMatchObject({
    problem: { code: 'docker-unreachable', where: { endpoint: 'unix:///nowhere.sock' } },
  });
  rmSync(folder, { recursive: true });
});
