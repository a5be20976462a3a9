import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { requirePrograms } from '../../actions/train/project/require-programs.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { UserError } from '../../core/errors.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-programs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const program of ['srun', 'uv'])
  writeFileSync(path.join(folder, program), '#!/bin/sh\n', { mode: 0o755 });
// A file that can't be run is no program.
writeFileSync(path.join(folder, 'ray'), '');

const SLURM = 'remote: { slurm: { partition: gpu } }';
const RAY = 'remote: { ray: { address: "http://head:8265" } }';

test.each([
  ['environment: local', {}, []],
  ['environment: uv', {}, []],
  ['environment: conda', {}, ['environment-manager-missing: conda']],
  [SLURM, { remote: true }, ['remote-program-missing: scancel']],
  [RAY, { remote: true }, ['remote-program-missing: ray']],
  // What Slurm's nodes have is theirs.
  [`environment: conda, ${SLURM}`, { remote: true }, ['remote-program-missing: scancel']],
  [SLURM, {}, ['remote-not-allowed: The', 'remote-program-missing: scancel']],
  [
    SLURM,
    { remote: true, require: true },
    ['remote-not-boxed: box.require', 'remote-program-missing: scancel'],
  ],
  ['environment: docker', {}, ['docker-not-allowed: The', 'environment-manager-missing: docker']],
  ['environment: docker', { docker: true }, ['environment-manager-missing: docker']],
  [
    'environment: docker',
    { docker: true, require: true },
    ['docker-not-boxed: box.require', 'environment-manager-missing: docker'],
  ],
] as const)('a runner with srun and uv, of `%s` with %j of the default branch', (project, said, wrong) => {
  const text = `version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { ${project} }\ngate: [{ metric: accuracy, floor: 0.1 }]\n`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error[0]?.message);
  const asked = {
    project: config.value.project,
    box: { require: false, docker: false, ...said },
    search: folder,
  };
  expect(problemsOf(() => requirePrograms({ file: 'trainyard.yml', text }, asked))).toEqual(
    wrong.map((one) => `4 ${one}`),
  );
});

/** The line, the code, and what it is about: the first program that a message names, or its first word. */
function problemsOf(work: () => void): readonly string[] {
  try {
    work();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return thrown.problems.map(({ code, message, where }) => {
      const line = where?.kind === 'file' ? where.line : undefined;
      const about = /`(?<program>srun|scancel|ray|conda|docker)`/.exec(message)?.groups?.['program'];
      return `${line} ${code}: ${about ?? message.split(' ')[0]}`;
    });
  }
}
