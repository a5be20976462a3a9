import type { Config } from '../../../core/config/config.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';
import { createEvent, type EventContext } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData } from '../../../core/ledger/event.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import type { PermissionLevel } from '../../../core/permission.ts';
import type { PlanInput } from '../../../core/plan/plan-input.ts';
import type { PullRequest } from '../../../core/pull-request.ts';

export const NOW = '2026-11-21T09:00:00.000Z';
export const HEAD = 'c0ffee'.padEnd(40, '0');
export const MAIN = 'abcdef'.padEnd(40, '1');
const DIGEST = `sha256:${'ab'.repeat(32)}`;

export const config = parse(`version: 1
model: mnist
project: { parameters: { epochs: 3, lr: 0.001, augment: true, name: plain } }
search: { metric: acc, trials: 20, space: { lr: { log: [0.0001, 0.1] } } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { staging: { hosts: ["https://s:1"] }, production: { hosts: ["https://p:1"] } }
`);

export function parse(text: string): Config {
  const parsed = parseConfig(text, {
    file: 'trainyard.yml',
    env: { MLFLOW_TRACKING_URI: 'http://mlflow' },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

export const pullRequest: PullRequest = {
  number: 7,
  headSha: HEAD,
  headRepository: 'acme/digits',
  headBranch: 'feature',
  baseRepository: 'acme/digits',
  state: 'open',
};

export const input: PlanInput = {
  eventName: 'issue_comment',
  payload: undefined,
  repository: 'acme/digits',
  defaultBranch: 'main',
  sha: MAIN,
  runId: '1001',
  attempt: 1,
  actor: 'ada',
  config,
  models: { own: 'mnist', all: ['mnist'] },
  state: foldLedger('mnist', []),
  permissions: { ada: 'write' } satisfies Record<string, PermissionLevel>,
  pullRequest,
  headUpdate: { after: HEAD, at: '2026-11-21T08:00:00Z' },
  now: NOW,
  verifySignature: () => true,
};

/** A new comment on pull request 7. */
export function commentPayload(
  body: string,
  more: {
    readonly action?: string;
    readonly login?: string;
    readonly type?: string;
    readonly at?: string;
  } = {},
) {
  return {
    action: more.action ?? 'created',
    issue: { number: 7, pull_request: { url: 'https://api.github.com/repos/acme/digits/pulls/7' } },
    comment: {
      id: 55,
      body,
      html_url: 'https://github.com/acme/digits/pull/7#issuecomment-55',
      created_at: more.at ?? '2026-11-21T08:59:50Z',
      user: { login: more.login ?? 'ada', type: more.type ?? 'User' },
    },
  };
}

export function contextOf(id: string, at = NOW): EventContext {
  return {
    model: 'mnist',
    at,
    actor: 'ada',
    cause: { kind: 'comment', id },
    workflow: { repository: 'acme/digits', run: '1', attempt: 1, sha: MAIN },
  };
}

/** A version that was trained for a pull request, judged, registered and packaged. */
export function versionEvents(
  version: string,
  verdict: 'pass' | 'fail' = 'pass',
  pullRequestNumber?: number,
): readonly LedgerEvent[] {
  const runId = `run-${version}`;
  const context = contextOf(`train-${version}`);
  const requested: LedgerEventData<'training.requested'> = {
    operation: 'train',
    sha: HEAD,
    parameters: {},
    ...(pullRequestNumber === undefined ? {} : { pullRequest: pullRequestNumber }),
  };
  return [
    createEvent(context, 'training.requested', requested),
    createEvent(context, 'training.started', { runId, sha: HEAD }),
    createEvent(context, 'training.finished', { runId, status: 'finished' }),
    createEvent(context, 'gate.judged', {
      runId,
      verdict,
      headline: 'Judged.',
      holdoutDigest: DIGEST,
      evidenceDigest: DIGEST,
    }),
    createEvent(context, 'version.registered', {
      version,
      runId,
      modelUri: `models:/m-${version}`,
      modelDigest: DIGEST,
    }),
    createEvent(context, 'package.built', {
      version,
      package: `mnist@${DIGEST}`,
      runId,
      artifactPath: 'trainyard/package',
      sizeBytes: 10,
    }),
  ];
}

/** The gate looks at a version again, beside the one that serves then. */
export function judgedAgainst(
  champion: string,
  version: string,
  verdict: 'pass' | 'fail' | 'inconclusive' = 'pass',
): LedgerEvent {
  return createEvent(contextOf(`judge-${version}-${champion}-${verdict}`), 'gate.judged', {
    ...{ runId: `run-${version}`, verdict, headline: 'Judged.' },
    ...{ holdoutDigest: DIGEST, evidenceDigest: DIGEST, champion },
  });
}

export function startedEvent(version: string, environment: string, stable?: string): LedgerEvent {
  return createEvent(contextOf(`deploy-${version}`), 'rollout.started', {
    rollout: `r${version}`,
    environment,
    version,
    package: `mnist@${DIGEST}`,
    hosts: ['https://p:1'],
    stages: [1, 100],
    alpha: 0.01,
    ...(stable === undefined ? {} : { stable }),
  });
}

export function promotedEvent(version: string, environment: string): LedgerEvent {
  return createEvent(contextOf(`deploy-${version}`), 'rollout.promoted', {
    rollout: `r${version}`,
    environment,
    version,
    package: `mnist@${DIGEST}`,
    explanation: 'Fine.',
  });
}

export function heldEvent(version: string, environment: string): LedgerEvent {
  return createEvent(contextOf(`hold-${version}`), 'rollout.held', {
    rollout: `r${version}`,
    environment,
    code: 'held',
    explanation: 'ada held it.',
  });
}

export function stateOf(...events: readonly (LedgerEvent | readonly LedgerEvent[])[]): LedgerState {
  return foldLedger('mnist', events.flat());
}
