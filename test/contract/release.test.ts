import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../sandbox/checkout.ts';

const read = (...names: string[]) => readFileSync(path.join(ROOT, ...names), 'utf8');
const jobSchema = z.looseObject({
  permissions: z.record(z.string(), z.string()).default({}),
  steps: z.array(z.looseObject({ name: z.string().optional(), run: z.string().default('') })),
});
const workflowSchema = z.looseObject({ jobs: z.record(z.string(), jobSchema) });

describe('release.yml', () => {
  const { jobs } = workflowSchema.parse(parse(read('.github', 'workflows', 'release.yml')));

  it('runs no script of a package beside what may write and sign', () => {
    const may = Object.values(jobs).filter(({ permissions }) => Object.values(permissions).includes('write'));
    expect(may).toHaveLength(1);
    for (const { steps } of may)
      expect(steps.map(({ run }) => run).join('\n')).not.toMatch(/\b(?:npm|npx|pip|uv)\b|\.ci\/run/);
  });

  it('releases what is on the default branch alone', () => {
    const runs = jobs['verify']?.steps.map(({ run }) => run).join('\n');
    expect(runs).toContain('compare/$BRANCH...$GITHUB_SHA');
    expect(runs).toContain('test "$status" = identical || test "$status" = behind');
    expect(jobs['publish']?.['needs']).toContain('verify');
  });

  it('builds the package of the agent beside no key, and signs it beside no package of npm', () => {
    const text = (job: string) => JSON.stringify(jobs[job]);
    expect(text('package')).toContain('scripts/package-agent.ts');
    expect(text('package')).not.toMatch(/secrets\.|--signing-key/);
    expect(jobs['package']?.permissions).toEqual({ contents: 'read' });
    expect(jobs['publish']).toMatchObject({ needs: ['verify', 'package'], environment: 'release' });
    expect(text('publish')).not.toContain('--pattern');
    expect(text('publish')).toContain('secrets.PACKAGE_SIGNING_KEY');
  });

  it('signs packages as install.sh goes by them', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-signed-'));
    const run = jobs['publish']?.steps.find(({ name }) => name === 'Sign the packages')?.run ?? '';
    const pair = generateKeyPairSync('ed25519');
    try {
      mkdirSync(path.join(folder, 'packages'));
      mkdirSync(path.join(folder, 'deploy', 'package'), { recursive: true });
      writeFileSync(
        path.join(folder, 'deploy', 'package', 'install.sh'),
        read('deploy', 'package', 'install.sh'),
      );
      const machine = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
      writeFileSync(path.join(folder, 'packages', `trainyard-agent_1.0.0_${machine}.deb`), 'a package');
      const KEY = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      execFileSync('bash', ['-eo', 'pipefail', '-c', run], { cwd: folder, env: { ...process.env, KEY } });
      expect(readdirSync(folder).filter((file) => file.startsWith('key'))).toEqual([]);
      const said = execFileSync('sh', ['packages/install.sh', '--from', 'packages', '--check'], {
        ...{ cwd: folder, encoding: 'utf8' },
      });
      expect(said).toContain('is what was signed');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('and every script of package.json that is begun by bootstrap is known there', () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(read('package.json')));
    const begun = Object.values(scripts).flatMap(
      (command) => /bootstrap\.mjs (?<name>[\w-]+)/.exec(command)?.groups?.['name'] ?? [],
    );
    const known =
      /const SCRIPTS = \[(?<names>[^\]]*)\]/.exec(read('scripts', 'bootstrap.mjs'))?.groups?.['names'] ?? '';
    for (const name of begun) expect(known).toContain(`'${name}'`);
  });

  it('gives the workflows for GitHub Enterprise Server with nothing but Node', () => {
    const scripts = ['generate-pinned-workflows.ts', 'compose-templates.ts'].map((name) =>
      path.join('scripts', name),
    );
    for (const file of [...scripts, path.join('sandbox', 'runner', 'pinned-workflow.ts')]) {
      const imports = [...read(file).matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      expect(
        imports.filter((from) => !/^node:|^\.\.\/sandbox\/runner\/pinned-workflow/.test(from ?? '')),
      ).toEqual([]);
    }
  });
});

describe('the examples as template repositories', () => {
  const out = mkdtempSync(path.join(os.tmpdir(), 'trainyard-templates-'));
  const script = path.join(ROOT, 'scripts', 'compose-templates.ts');
  execFileSync(process.execPath, ['--no-warnings', script, '--ref', 'v1.2.3', '--out', out], {
    stdio: 'pipe',
  });
  const names = readdirSync(out);
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  it('are all there', () => {
    expect(names).toEqual(
      readdirSync(path.join(ROOT, 'examples')).map((name) => `trainyard-example-${name}`),
    );
  });

  it.each(names)('%s has its workflows, a licence, and no link that leads nowhere', (name) => {
    const folder = path.join(out, name);
    for (const file of ['trainyard.yml', 'trainyard-monitor.yml', 'trainyard-check.yml']) {
      const text = readFileSync(path.join(folder, '.github', 'workflows', file), 'utf8');
      expect(text).toBe(read('workflows-templates', file));
    }
    expect(readFileSync(path.join(folder, 'LICENSE'), 'utf8')).toBe(read('LICENSE'));
    const links = [...readFileSync(path.join(folder, 'README.md'), 'utf8').matchAll(/\]\((?<to>[^)]+)\)/g)];
    const files = links.map(({ groups }) => groups?.['to'] ?? '').filter((to) => !/^(https:|#)/.test(to));
    for (const file of files) expect(readdirSync(folder)).toContain(file);
    const leading = links.flatMap(
      ({ groups }) => /blob\/v1\.2\.3\/(?<file>[^#]+)/.exec(groups?.['to'] ?? '')?.[1] ?? [],
    );
    expect(leading.length).toBeGreaterThan(0);
    for (const file of leading) expect(existsSync(path.join(ROOT, file)), file).toBe(true);
  });

  it.each(names)('%s has nothing that `check` would mend', (name) => {
    const folder = path.join(out, name);
    execFileSync('git', ['init', '-q', '-b', 'main', folder]);
    execFileSync('git', ['-C', folder, 'add', '--all']);
    const variables = ['MLFLOW_TRACKING_URI', 'MNIST_DATA', 'STOCKPRED_DATA', 'SERVING_HOST'];
    const values = ['http://127.0.0.1:9', '/data', '/data', 'https://serve-1:9443'];
    const env = Object.fromEntries(variables.map((variable, i) => [variable, values[i]]));
    const said = execFileSync(process.execPath, [path.join(ROOT, 'cli', 'dist', 'trainyard.mjs'), 'check'], {
      ...{ cwd: folder, encoding: 'utf8' },
      env: { ...process.env, ...env },
    });
    expect(said).toMatch(/0 errors, 0 warnings/);
  });
});
