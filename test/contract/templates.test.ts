import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { fillWorkflow } from '../../core/init/fill-workflow.ts';
import { parseCommand } from '../../core/plan/commands/parse-command.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { evaluate, type Tree } from './support/expressions.ts';

const templateSchema = z.looseObject({
  on: z.looseObject({ push: z.object({ branches: z.array(z.string()) }) }),
  jobs: z.looseObject({ trainyard: z.looseObject({ if: z.string() }) }),
});
const text = readFileSync(path.join(ROOT, 'workflows-templates', 'trainyard.yml'), 'utf8');
const template = templateSchema.parse(parse(text));

function starts(github: Tree): boolean {
  return evaluate(`\${{ ${template.jobs.trainyard.if} }}`, { github }) === 'true';
}

function startsForComment(body: string, issue: Tree = {}): boolean {
  return starts({ event_name: 'issue_comment', ref_name: 'main', event: { comment: { body }, issue } });
}

const checkSchema = z.object({
  on: z.strictObject({ pull_request: z.null() }),
  permissions: z.strictObject({}),
  jobs: z.object({
    check: z.looseObject({
      permissions: z.strictObject({ contents: z.literal('read'), 'pull-requests': z.literal('write') }),
      steps: z.tuple([
        z.object({ uses: z.string(), with: z.strictObject({ 'persist-credentials': z.literal(false) }) }),
        z.strictObject({
          run: z.string(),
          env: z.record(z.string(), z.string()),
          'working-directory': z.string(),
        }),
      ]),
    }),
  }),
});

describe('the workflow that checks pull requests', () => {
  const checkText = readFileSync(path.join(ROOT, 'workflows-templates', 'trainyard-check.yml'), 'utf8');
  const [, step] = checkSchema.parse(parse(checkText)).jobs.check.steps;

  test.each([undefined, 'ml/own trainyard.yml'])(
    'runs nothing that the pull request brings, also by its .npmrc, with the configuration %s',
    (config) => {
      expect(step['working-directory']).toBe(`\${{ runner.temp }}`);
      const base = mkdtempSync(path.join(tmpdir(), 'ty-template-'));
      onTestFinished(() => rmSync(base, { recursive: true, force: true }));
      const write = (file: string, content: string) => {
        mkdirSync(path.dirname(path.join(base, file)), { recursive: true });
        writeFileSync(path.join(base, file), content, { mode: 0o755 });
      };
      const telling =
        '#!/usr/bin/env node\nconsole.log(JSON.stringify([process.cwd(), ...process.argv.slice(2)]));\n';
      write('package/package.json', '{"name":"trainyard","version":"1.0.0","bin":{"trainyard":"told.mjs"}}');
      write('package/told.mjs', telling);
      write('work/.npmrc', 'node-options=--require ./evil.cjs\n');
      write(
        'work/evil.cjs',
        `require('node:fs').writeFileSync(${JSON.stringify(path.join(base, 'ran'))}, '');\n`,
      );
      write('work/node_modules/.bin/trainyard', '#!/bin/sh\necho evil\n');
      write('temp/empty', '');
      const runners = { gpuRunner: ['gpu'], controlRunner: ['control'] };
      const filled = fillWorkflow(checkText, {
        branch: 'main',
        ...runners,
        ...(config !== undefined && { config }),
      });
      const run = checkSchema.parse(parse(filled)).jobs.check.steps[1].run;
      const command = run.replace('github:trainyard/trainyard#v1', `file:${path.join(base, 'package')}`);
      expect(command).not.toBe(run);
      const work = path.join(base, 'work');
      const env = { ...process.env, DEFAULT_BRANCH: 'a b', CONFIG: config, GITHUB_WORKSPACE: work };
      const said = execFileSync('bash', ['-e', '-c', command], {
        ...{ cwd: path.join(base, 'temp'), encoding: 'utf8' },
        env: { ...env, npm_config_cache: path.join(base, 'cache') },
      });
      const named = config === undefined ? [] : ['--config', config];
      expect(JSON.parse(said)).toEqual([work, 'check', ...named, '--comment', '--branch', 'a b']);
      expect(existsSync(path.join(base, 'ran'))).toBe(false);
    },
    30_000,
  );
});

describe('the caller workflow, as it is copied', () => {
  test.each(['main', 'master', 'trunk', 'release/next'])(
    'trains what is pushed to the default branch, and no other branch, where it is called %s',
    (branch) => {
      const event = { repository: { default_branch: branch } };
      expect(starts({ event_name: 'push', ref_name: branch, event })).toBe(true);
      expect(starts({ event_name: 'push', ref_name: 'feature', event })).toBe(false);
      for (const pattern of template.on.push.branches) expect(path.matchesGlob(branch, pattern)).toBe(true);
    },
  );

  test('holds no placeholder that only GitHub’s own page would fill in', () => {
    expect(text).not.toContain('$default-branch');
  });

  test.each([
    '/train',
    '/Train lr=1',
    ' /rollback',
    '\n/rollback',
    '\r\n\r\n  /rollback',
    '\t/status',
    '\u00A0/train',
    '\uFEFF/train',
    '> /train',
    'see /train',
    'Looks good to me.',
    '',
    '\n',
    '/',
  ])('starts a run for each comment that the parser obeys: %j', (body) => {
    const isObeyed = parseCommand(body).kind !== 'ignore';
    if (isObeyed) expect(startsForComment(body)).toBe(true);
    if (!startsForComment(body)) expect(isObeyed).toBe(false);
  });

  test.each([' /rollback', '\n/rollback', '\r\n\r\n  /rollback', '\t/status', '/train'])(
    'obeys %j, in a pull request and in an issue that the monitor opened',
    (body) => {
      expect(parseCommand(body).kind).toBe('command');
      expect(startsForComment(body)).toBe(true);
      expect(startsForComment(body, { pull_request: { url: 'https://api.github.com/pulls/7' } })).toBe(true);
    },
  );

  test.each(['Looks good to me.', 'see /train', '> /train', 'http://example.com'])(
    'starts no run for %j',
    (body) => {
      expect(startsForComment(body)).toBe(false);
    },
  );

  test.each(['repository_dispatch', 'workflow_dispatch'])('starts for a %s', (name) => {
    expect(starts({ event_name: name, ref_name: 'main', event: {} })).toBe(true);
  });
});
