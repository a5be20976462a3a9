import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';
import { adaptConfiguration, readRepository } from '../../sandbox/desk/adapt-repository.ts';
import { openDesk } from '../../sandbox/desk/desk.ts';
import { makePythonAbove } from '../../sandbox/desk/python-above.ts';
import { createGitRemote } from '../../sandbox/github/git-remote.ts';
import { commit, createRepository, git } from './support/repository.ts';

const CONFIG = [
  'version: 1',
  'model: flats # a word of its own',
  `tracking: { uri: "\${MLFLOW_TRACKING_URI}", experiment: "\${EXPERIMENT}" }`,
  'environments:',
  '  staging: { hosts: ["https://stage-1:9443"] }',
  '  production: { hosts: ["https://serve-1:9443", "https://serve-2:9443"] }',
  '',
].join('\n');
const CALLER = [
  'jobs:',
  '  trainyard:',
  '    uses: trainyard/trainyard/.github/workflows/pipeline.yml@v1',
  '    with:',
  `      gpu-runner: '["self-hosted","big"]'`,
  `      control-runner: '["small"]'`,
  '',
].join('\n');

const FILES = { 'trainyard.yml': CONFIG, '.github/workflows/trainyard.yml': CALLER };

test('is asked for its environments, runners and variables', () => {
  expect(readRepository(createRepository(FILES))).toEqual({
    environments: ['staging', 'production'],
    labels: ['self-hosted', 'big', 'small'],
    variables: ['MLFLOW_TRACKING_URI', 'EXPERIMENT'],
  });
});

test('is refused by name where it has no configuration, or calls another Trainyard', () => {
  expect(() => readRepository(createRepository({ 'README.md': 'x' }))).toThrow(
    /There is no .*trainyard init/,
  );
  const pinned = { ...FILES, '.github/workflows/trainyard.yml': CALLER.replace('@v1', '@0123abc') };
  expect(() => readRepository(createRepository(pinned))).toThrow(/calls another Trainyard/);
});

test('is told of the sandbox’s addresses alone: none of its own is left', () => {
  const hosts = new Map([
    ['staging', 'http://127.0.0.1:1001'],
    ['production', 'http://127.0.0.1:1002'],
  ]);
  const files = adaptConfiguration(createRepository(FILES), { tracking: 'http://127.0.0.1:1000', hosts });
  const text = files['trainyard.yml'] ?? '';
  expect(text).not.toMatch(/serve-|stage-|MLFLOW_TRACKING_URI/);
  expect(text).toContain('# a word of its own');
  for (const port of [1000, 1001, 1002]) expect(text).toContain(`http://127.0.0.1:${port}`);
});

test('is pushed with its configuration as that is committed', () => {
  const folder = createRepository(FILES);
  writeFileSync(path.join(folder, 'trainyard.yml'), CONFIG.replace('model: flats', 'model: houses'));
  const files = adaptConfiguration(folder, { tracking: 'http://127.0.0.1:1000', hosts: new Map() });
  expect(files['trainyard.yml']).toContain('model: flats');
  const bare = createRepository({ 'README.md': 'x' });
  writeFileSync(path.join(bare, 'trainyard.yml'), CONFIG);
  expect(() => adaptConfiguration(bare, { tracking: '', hosts: new Map() })).toThrow(
    /trainyard\.yml is not committed/,
  );
});

test('is pushed as it is committed, with those files otherwise, on top of what was pushed before', () => {
  const folder = createRepository({ 'a.txt': '1', 'b.txt': '1' });
  const bare = mkdtempSync(path.join(tmpdir(), 'ty-bare-'));
  onTestFinished(() => rmSync(bare, { recursive: true, force: true }));
  const remote = createGitRemote(bare, 'trunk');
  const take = () =>
    remote.take({ branch: 'trunk', folder, files: { 'b.txt': 'theirs' }, message: 'x', author: 'you' });
  const first = take();
  writeFileSync(path.join(folder, 'a.txt'), 'not committed');
  const own = commit(folder, { 'c.txt': '2' });
  git(folder, 'rm', '--quiet', '--cached', 'a.txt');
  git(folder, 'commit', '--quiet', '--amend', '--message', 'Leave a out');
  const second = take();
  expect(remote.changes(first, second)?.follows).toBe(true);
  expect(remote.show(second, 'a.txt')).toBeUndefined();
  expect(remote.show(second, 'b.txt')).toBe('theirs');
  expect(remote.show(second, 'c.txt')).toBe('2');
  expect(remote.resolve('trunk')).toBe(second);
  expect(git(folder, 'show', 'HEAD:b.txt')).toBe('1');
  expect(own).not.toBe('');
});

test('takes orders from those alone who can read its file, which is gone when it is', async () => {
  const folder = createRepository({ x: '1' });
  const file = path.join(folder, 'desk.json');
  const desk = await openDesk(file, (verb, words) => {
    if (verb === 'fail') throw new Error('It means nothing.');
    return [verb, ...words];
  });
  expect(statSync(file).mode & 0o077).toBe(0);
  const { token } = z.object({ token: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8')));
  const ask = async (verb: string, bearer: string) => {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const answer = await fetch(desk.url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ verb, words: ['a b'] }),
    });
    return { status: answer.status, body: await answer.json() };
  };
  expect((await ask('push', 'guess')).status).toBe(401);
  expect((await ask('push', token)).body).toEqual({ code: 0, lines: ['push', 'a b'] });
  expect((await ask('fail', token)).body).toEqual({ code: 1, lines: ['It means nothing.'] });
  await desk.close();
  expect(existsSync(file)).toBe(false);
});

/** Writes a wheel of one module, as small as pip takes it. */
const WHEEL = [
  'import sys, zipfile',
  'w = zipfile.ZipFile(sys.argv[1], "w")',
  'w.writestr("ours.py", "HERE = 1")',
  'w.writestr("ours-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: ours\\nVersion: 1\\n")',
  'w.writestr("ours-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")',
  'w.writestr("ours-1.dist-info/RECORD", "")',
  'w.close()',
].join('\n');

test.runIf(HAS_TOOLCHAIN)(
  'has the packages that it names beside those of the checkout, and keeps them',
  () => {
    const folder = createRepository({ x: '1' });
    const wheel = path.join(folder, 'ours-1-py3-none-any.whl');
    execFileSync(PYTHON, ['-c', WHEEL, wheel]);
    const requirements = path.join(folder, 'requirements.txt');
    writeFileSync(requirements, `--no-index\n${wheel}\n`);
    const said: string[] = [];
    const make = () =>
      makePythonAbove(PYTHON, path.join(folder, 'env'), [requirements], (line) => said.push(line));
    const { python } = make();
    const program = 'import mlflow, ours, sys; print(ours.HERE, ours.__file__.startswith(sys.prefix))';
    expect(execFileSync(python, ['-c', program], { encoding: 'utf8' }).trim()).toBe('1 True');
    make();
    expect(said).toEqual(['Installing requirements.txt for runner and hosts.']);
    writeFileSync(requirements, '--no-index\nno-such-package-of-anybody\n');
    expect(make).toThrow(/pip could not install .*no-such-package-of-anybody/s);
  },
);
