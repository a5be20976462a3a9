import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { concludeOperation } from '../../actions/plan/conclude.ts';
import { type PlannedOperation, TAKE_BACK } from '../../core/plan/hand-over.ts';
import { planEvent } from '../../core/plan/plan-event.ts';
import type { PlanInput } from '../../core/plan/plan-input.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import {
  commentPayload,
  HEAD,
  heldEvent,
  input,
  judgedAgainst,
  NOW,
  parse as parseConfiguration,
  promotedEvent,
  startedEvent,
  stateOf,
  versionEvents,
} from '../core/plan/plan-support.ts';
import { evaluate, type Tree } from './support/expressions.ts';

const jobSchema = z.looseObject({
  if: z.string(),
  concurrency: z.looseObject({ group: z.string() }).optional(),
  environment: z.looseObject({ name: z.string() }).optional(),
});
const workflowSchema = z.looseObject({
  jobs: z.looseObject({
    train: jobSchema.extend({ env: z.record(z.string(), z.string()) }),
    deploy: jobSchema,
    'take-back': jobSchema,
  }),
});

/** The jobs whose expressions act does not evaluate: it knows no concurrency and no environments. */
const {
  train,
  deploy,
  'take-back': takeBack,
} = workflowSchema.parse(
  parse(readFileSync(path.join(ROOT, '.github', 'workflows', 'pipeline.yml'), 'utf8')),
).jobs;

/** What the jobs after plan see once plan has decided so, and the jobs before them have gone well. */
function contextsOf(operation: PlannedOperation): Tree {
  const { decision, outputs } = concludeOperation({
    operation,
    model: 'mnist',
    champion: undefined,
    ledger: undefined,
    answers: undefined,
    box: { require: false, timeoutSeconds: 86_400, variables: [], inputs: [], docker: false },
    policy: { changes: [] },
    policySha: undefined,
    runners: undefined,
    commit: undefined,
    reasonCode: 'planned',
    report: { sign: 'planned', blocks: [] },
  });
  const trains = ['train', 'tune'].includes(operation.operation);
  const keep: Tree = trains
    ? { result: 'success', outputs: { decision: 'continue' } }
    : { result: 'skipped', outputs: {} };
  return {
    inputs: { config: 'trainyard.yml' },
    needs: { plan: { outputs: { ...outputs, decision } }, keep },
  };
}

function planned(event: Partial<PlanInput>): PlannedOperation {
  const decision = planEvent({ ...input, ...event });
  if (decision.kind === 'operation') return decision;
  throw new Error(`${decision.kind}: ${decision.code}`);
}

const comment = (body: string) => ({ payload: commentPayload(body) });
const byHand = (inputs: Record<string, string>) => ({
  eventName: 'workflow_dispatch',
  payload: { ref: 'refs/heads/main', inputs, sender: { login: 'ada' } },
});
const dispatch = (type: string, environment: string, body: object = {}) => ({
  eventName: 'repository_dispatch',
  payload: {
    action: `trainyard.${type}`,
    client_payload: {
      ...{ v: 1, id: `${type}-of-${environment}`, at: NOW, from: 'serve-1', model: 'mnist', environment },
      ...{ body, signature: 'eA==' },
    },
  },
});
const push = { ref: 'refs/heads/main', after: HEAD, commits: [] };

const serving = [versionEvents('7'), startedEvent('7', 'production'), promotedEvent('7', 'production')];
/** No model is on its way. */
const quiet = { state: stateOf(...serving) };
const idle = { state: stateOf(...serving, versionEvents('8', 'pass', 7), judgedAgainst('7', '8')) };
const rolling = {
  state: stateOf(...serving, versionEvents('8', 'pass', 7), startedEvent('8', 'production', '7')),
};
const held = {
  state: stateOf(
    ...serving,
    versionEvents('8', 'pass', 7),
    startedEvent('8', 'production', '7'),
    heldEvent('8', 'production'),
  ),
};

/** Every way in which traffic may be raised, and where. */
const RAISES: readonly (readonly [string, Partial<PlanInput>, string])[] = [
  ['a push', { eventName: 'push', payload: push, ...idle }, 'production'],
  ['/train', { ...comment('/train'), ...idle }, 'production'],
  ['/tune', { ...comment('/tune'), ...idle }, 'production'],
  ['/deploy v8', { ...comment('/deploy v8'), ...idle }, 'production'],
  ['/deploy v8 staging', { ...comment('/deploy v8 staging'), ...idle }, 'staging'],
  ['/promote', { ...comment('/promote'), ...rolling }, 'production'],
  ['/resume', { ...comment('/resume'), ...held }, 'production'],
  ['a train by hand', { ...byHand({ operation: 'train' }), ...idle }, 'production'],
  ['a train by hand for staging', { ...byHand({ environment: 'staging' }), ...idle }, 'staging'],
  ['a tune by hand for staging', { ...byHand({ operation: 'tune', environment: 'staging' }) }, 'staging'],
  ['a retrain', { ...dispatch('retrain', 'production'), ...quiet }, 'production'],
  ['a retrain that staging asked for', { ...dispatch('retrain', 'staging'), ...quiet }, 'staging'],
  [
    'the report of a host that lost contact',
    { ...dispatch('brake', 'production', { code: 'lease-expired', rollout: 'r8' }), ...rolling },
    'production',
  ],
  ['the report of a stage', { ...dispatch('rollout', 'production'), ...rolling }, 'production'],
];

/** Every way in which traffic is only taken back, or kept where it is. */
const TAKES_BACK: readonly (readonly [string, Partial<PlanInput>])[] = [
  ['/rollback', { ...comment('/rollback'), ...rolling }],
  ['/rollback v7', { ...comment('/rollback v7'), ...rolling }],
  ['/hold', { ...comment('/hold'), ...rolling }],
  ['a brake', { ...dispatch('brake', 'production', { code: 'errors-worse', rollout: 'r8' }), ...rolling }],
  ['a rollback by hand', { ...byHand({ operation: 'rollback' }), ...rolling }],
];

describe('the train job', () => {
  const groupOf = (server: string, run: string) => {
    const github = { server_url: server, run_id: run };
    return evaluate(train.concurrency?.group ?? '', {
      ...contextsOf(planned({ ...comment('/train'), ...idle })),
      github,
    });
  };

  test('queues on github.com, where the queue is long', () => {
    expect(groupOf('https://github.com', '1')).toBe(groupOf('https://github.com', '2'));
  });

  test('drops no request elsewhere, where the third in a group ends the second', () => {
    const groups = ['1', '2', '3'].map((run) => groupOf('https://github.acme.test', run));
    expect(new Set(groups).size).toBe(3);
  });
});

describe('the deploy job', () => {
  test.each(RAISES)('asks the environment that %s leads to', (_name, event, environment) => {
    const contexts = contextsOf(planned(event));
    expect(evaluate(deploy.if, contexts)).toBe('true');
    expect(evaluate(takeBack.if, contexts)).toBe('false');
    expect(evaluate(deploy.environment?.name ?? '', contexts)).toBe(environment);
  });

  test('does not run where there is no environment: an empty name would guard nothing', () => {
    const config = parseConfiguration('version: 1\nmodel: mnist\ngate: [{ metric: accuracy, floor: 0.9 }]\n');
    const operation = planned({ ...comment('/train'), config });
    expect(operation).not.toHaveProperty('environment');
    expect(evaluate(deploy.if, contextsOf(operation))).toBe('false');
  });

  test('queues each operation and each environment by itself', () => {
    const groups = RAISES.map(([, event]) => {
      const operation = planned(event);
      return [
        `${operation.operation} ${operation.environment}`,
        evaluate(deploy.concurrency?.group ?? '', contextsOf(operation)),
      ] as const;
    });
    expect(new Set(groups.map(([, group]) => group)).size).toBe(new Map(groups).size);
  });
});

describe('the job that takes back', () => {
  test.each(TAKES_BACK)('is the one of %s, and of nothing that raises traffic', (_name, event) => {
    const contexts = contextsOf(planned(event));
    expect(evaluate(takeBack.if, contexts)).toBe('true');
    expect(evaluate(deploy.if, contexts)).toBe('false');
  });

  test('is that of every operation which the configuration can not stop either', () => {
    const listed = /fromJSON\('(?<list>\[.*?\])'\)/.exec(takeBack.if)?.groups?.['list'] ?? '[]';
    expect(new Set(JSON.parse(listed))).toEqual(TAKE_BACK);
  });

  test('waits for no approval, and queues behind nothing', () => {
    expect(takeBack.environment).toBeUndefined();
    expect(takeBack.concurrency).toBeUndefined();
  });
});

describe('the credentials that a training has for MLflow', () => {
  const OWN = { 'training-username': 'trainer', 'training-password': 'own' };
  const COMMON = { 'tracking-username': 'all', 'tracking-password': 'common' };
  const given = (secrets: Tree) =>
    ['USERNAME', 'PASSWORD', 'TOKEN'].map((name) =>
      evaluate(train.env[`MLFLOW_TRACKING_${name}`] ?? '', { secrets }),
    );

  test.each([
    ['none', {}, ['', '', '']],
    ['the common user', COMMON, ['all', 'common', '']],
    ['the common token', { 'tracking-token': 't' }, ['', '', 't']],
    ['a user of its own', { ...COMMON, ...OWN }, ['trainer', 'own', '']],
    [
      'a user of its own where others have a token',
      { 'tracking-token': 't', ...OWN },
      ['trainer', 'own', ''],
    ],
    [
      'a user of its own without a password',
      { ...COMMON, 'training-username': 'trainer' },
      ['trainer', '', ''],
    ],
    ['a token of its own', { ...COMMON, 'tracking-token': 't', 'training-token': 'own' }, ['', '', 'own']],
  ])('are those of one user: %s', (_, secrets, expected) => {
    expect(given(secrets)).toEqual(expected);
  });
});
