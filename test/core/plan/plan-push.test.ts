import { describe, expect, it } from 'vitest';
import type { PlanDecision } from '../../../core/plan/decision.ts';
import { describeEvent } from '../../../core/plan/describe-event.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import { HEAD, input, MAIN, parse } from './plan-support.ts';

function codeOf(decision: PlanDecision): string {
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

function plan(eventName: string, payload: unknown, changes: Partial<PlanInput> = {}): PlanDecision {
  return planEvent({ ...input, eventName, payload, ...changes });
}

describe('a push', () => {
  const push = {
    ref: 'refs/heads/main',
    after: HEAD,
    compare: 'https://github.com/acme/digits/compare/a...b',
    head_commit: { message: 'Better features' },
  };

  it('to the default branch trains the pushed commit', () => {
    expect(plan('push', push)).toMatchObject({
      operation: 'train',
      sha: HEAD,
      parameters: {},
      correlationId: `push-${HEAD}`,
      cause: { kind: 'push', url: 'https://github.com/acme/digits/compare/a...b' },
    });
  });

  it.each([
    [{ ref: 'refs/heads/feature' }, 'ignore: not-default-branch'],
    [{ ref: 'refs/heads/trainyard' }, 'ignore: not-default-branch'],
    [{ ref: 'refs/tags/main' }, 'ignore: not-default-branch'],
    [{ deleted: true, after: '0'.repeat(40) }, 'ignore: branch-deleted'],
    [{ head_commit: { message: 'Typo [skip train]' } }, 'ignore: skip-requested'],
    [{ after: 3 }, 'refuse: bad-payload'],
  ])('with %j gives %s', (changes, expected) => {
    expect(codeOf(plan('push', { ...push, ...changes }))).toBe(expected);
  });
});

describe('a push that changes', () => {
  const push = { ref: 'refs/heads/main', after: HEAD };

  it.each([
    ['documents only', ['docs/index.html', 'CHANGELOG.md', 'LICENSE'], 'ignore: docs-only'],
    ['a document and code', ['README.md', 'train.py'], 'train'],
    ['pictures of the documents', ['docs/loop.svg', 'docs/adr/0001.md'], 'ignore: docs-only'],
    ['licences', ['LICENSE', 'LICENSE-Apache-2.0', 'NOTICE.txt', 'third/LICENSE.md'], 'ignore: docs-only'],
    ['code in the folder of documents', ['docs/train.py'], 'train'],
    ['settings in the folder of documents', ['docs/conf.yml', 'docs/requirements.txt'], 'train'],
    ['code that is called like a licence', ['LICENSE.py'], 'train'],
    ['pictures elsewhere', ['data/cat.png'], 'train'],
    ['texts to learn from', ['data/train/7.md'], 'train'],
    ['texts to judge by', ['docs/holdout.md'], 'train'],
    ['nothing', [], 'train'],
    ['nobody knows what', undefined, 'train'],
  ])('%s', (_what, changedFiles, expected) => {
    const config = parse(`version: 1
model: mnist
gate: [{ metric: accuracy, floor: 0.9 }]
data: { inputs: [./data/train/], holdout: { path: docs/holdout.md, target: label } }
`);
    const known = changedFiles === undefined ? {} : { changedFiles };
    expect(codeOf(plan('push', push, { ...known, config }))).toBe(expected);
  });

  it.each([
    ['the gate', '0.9', '0.95', [], 'ignore: rules-only'],
    ['a rollout and documents', 'hosts: [a]', 'hosts: [a, b]', ['README.md'], 'ignore: rules-only'],
    ['how the file is written', 'model: mnist', 'model: "mnist" # digits', [], 'ignore: rules-only'],
    ['a rule and code', '0.9', '0.95', ['train.py'], 'train'],
    ['parameters', 'lr: 1', 'lr: 2', [], 'train'],
    ['the kind of a parameter', 'lr: 1', 'lr: "1"', [], 'train'],
    ['nothing to a text that says so', 'lr: 1', 'lr: 1, mode: "null"', [], 'train'],
    [
      'a rule and parameters',
      'lr: 1 } }\ngate: [{ metric: accuracy, floor: 0.9',
      'lr: 2 } }\ngate: [{ metric: accuracy, floor: 0.8',
      [],
      'train',
    ],
    ['how it is served', 'workers: 1', 'workers: 2', [], 'train'],
    ['the holdout', 'path: h.csv', 'path: i.csv', [], 'train'],
    ['the file so that nobody can read what it was', 'version: 1', 'version: [1', [], 'train'],
  ])('%s of the configuration', (_what, from, to, others, expected) => {
    const after = `version: 1
model: mnist
project: { parameters: { lr: 1 } }
gate: [{ metric: accuracy, floor: 0.9 }]
data: { holdout: { path: h.csv, target: label } }
serving: { workers: 1 }
environments: { production: { hosts: [a] } }
`;
    expect(after).toContain(from);
    const file = 'models/trainyard.yml';
    const pushedConfiguration = { file, before: after.replace(from, to), after };
    const changedFiles = [file, ...others];
    expect(codeOf(plan('push', push, { changedFiles, pushedConfiguration }))).toBe(expected);
  });

  it('has what it changed looked up when it is to the default branch and follows another commit', () => {
    const repository = { default_branch: 'main' };
    const real = { ...push, before: MAIN, repository };
    expect(describeEvent({ ...input, eventName: 'push', payload: real, actor: 'ada' })).toMatchObject({
      push: { before: MAIN, after: HEAD },
    });
    for (const other of [
      { ...real, ref: 'refs/heads/feature' },
      { ...real, before: '0'.repeat(40) },
      { ...real, after: '0'.repeat(40) },
    ]) {
      expect(describeEvent({ ...input, eventName: 'push', payload: other, actor: 'ada' })).not.toHaveProperty(
        'push',
      );
    }
  });
});
