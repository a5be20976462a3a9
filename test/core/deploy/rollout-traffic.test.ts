import { expect, test } from 'vitest';
import type { Environment } from '../../../core/config/config.ts';
import { planOf, serveRollout } from '../../../core/deploy/rollout-traffic.ts';
import type { Rollout } from '../../../core/ledger/state.ts';

const START = '2026-11-21T12:00:00.000Z';
const hosts = [
  'https://serve-1:9443',
  'https://serve-2:9443',
  'https://serve-3:9443',
  'https://serve-4:9443',
];
const rollout: Rollout & { readonly stable: string } = {
  ...{ id: 'r', version: '2', stable: '1', package: 'p', hosts, stages: [10, 100], alpha: 0.02 },
  ...{ stage: 0, percent: 10, startedAt: START, stageStartedAt: START, heldSeconds: 0, actor: 'ann' },
  cause: { kind: 'comment', id: 'comment-1' },
};
const environment: Environment = {
  ...{ hosts, shadowSeconds: 0, leaseSeconds: 120, maxUnavailable: 0 },
  rollout: {
    ...{ stages: [50, 100], alpha: 0.5, alarmAlpha: 0.25, stageMinSeconds: 10, deadlineSeconds: 3_600 },
    ...{ onNoData: 'rollback', latencyMargin: 0.1, tolerance: 1 },
  },
};

test('a host gets its own part of what was promised when the rollout began, and what past rollouts teach', () => {
  const tempering = { errors: 0.5, slow: 1, refused: 1, invalid: 1 };
  const { lease } = serveRollout(rollout, environment, {
    shadow: false,
    leaseSeconds: 120,
    tempering,
    stablePast: { requests: 540, errors: 97, invalid: 0 },
    words: [],
  });
  expect(lease?.plan).toMatchObject({
    stages: [10, 100],
    alpha: 0.02,
    alarmAlpha: 0.0025,
    stageMinSeconds: 10,
  });
  expect(lease?.tempering).toEqual(tempering);
  expect(lease?.stablePast).toEqual({ requests: 540, errors: 97, invalid: 0 });
});

test('deploy, which sees all hosts, has the other half', () => {
  expect(planOf(rollout, environment, 'deploy')).toMatchObject({ alpha: 0.02, alarmAlpha: 0.01 });
});
