import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
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
