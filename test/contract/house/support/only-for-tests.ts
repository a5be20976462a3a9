/**
 * Exports that only tests import, as `file: name`: parts tested by themselves because a test through the whole could not show which part
 * is wrong. The list may only shrink: what is new is tested through what uses it.
 */
export const FOR_TESTS: readonly string[] = [
  'actions/build-torchserve/build-torchserve.ts: BuildPorts',
  'actions/deploy/deploy.ts: Deployment',
  'actions/job/thread-comment.ts: CommentTarget',
  'adapters/images/pip.ts: parsePipSettings',
  'adapters/mlflow/project.ts: projectArguments',
  'agent/runtimes/docker/registry-login.ts: registryOf',
  'agent/runtimes/process/handle.ts: SpawnRequest',
  'core/drift/decide-drift-report.ts: DriftEpisode',
  'core/ledger/statement.ts: PREDICATE_TYPE',
  'core/ledger/statement.ts: STATEMENT_TYPE',
  'core/rollout/decide-rollout.ts: RolloutSituation',
  'core/rollout/stage-requirement.ts: requestsToSee',
  'core/serving/decide-traffic.ts: TrafficSituation',
  'core/statistics/intervals/delong.ts: compareAuc',
  'core/statistics/intervals/quantile-bound.ts: quantileBoundRanks',
];
