import type { Config } from '../../config/config.ts';
import { nameMetric } from '../../gate/metrics/metrics.ts';
import type { GateRule } from '../../gate/rules/rule.ts';
import { sayRule } from '../../gate/rules/say-rule.ts';
import { formatDuration, formatPercent } from '../../report/format-number.ts';
import type { Block } from '../../report/report.ts';
import type { PlannedOperation } from '../hand-over.ts';

/** What is in the way of a model that would be trained: the rules of the gate, and the stages of its rollout. */
export function foretellTraining(
  { operation, next, environment }: PlannedOperation,
  config: Config,
): readonly Block[] {
  if (operation !== 'train' && (operation !== 'tune' || next === undefined)) return [];
  const rows = config.gate.map((rule) => rowOf(rule, config));
  return [
    { kind: 'paragraph', text: 'What the model has to pass:' },
    { kind: 'table', columns: ['Check', 'Need'], rows },
    { kind: 'paragraph', text: sayStages(config, environment) },
  ];
}

function rowOf(rule: GateRule, { answers }: Config): readonly string[] {
  const detail = 'detail' in rule ? rule.detail : undefined;
  const { name, unit } =
    'metric' in rule && rule.kind !== 'mlflow' && rule.kind !== 'fairness'
      ? nameMetric(rule.metric, { task: answers.task, detail })
      : { name: undefined, unit: undefined };
  const { metric, rule: kind, need } = sayRule(rule, unit);
  return [`${name ?? metric} (${kind})`, need];
}

function sayStages({ environments }: Config, name: string | undefined): string {
  const environment = name === undefined ? undefined : environments[name];
  if (environment === undefined)
    return 'Then it is packed, and rolled out nowhere: trainyard.yml names no environment.';
  const { rollout, shadowSeconds } = environment;
  const stages = rollout.stages.map((percent) => formatPercent(percent / 100)).join(', ');
  const shadow = shadowSeconds > 0 ? ` after ${formatDuration(shadowSeconds)} on copies of requests` : '';
  const least =
    rollout.stageMinSeconds > 0 ? `, each for ${formatDuration(rollout.stageMinSeconds)} at least` : '';
  return `Then it is rolled out to ${name}${shadow}: to ${stages} of the requests${least}, within ${formatDuration(rollout.deadlineSeconds)}. \`/plan deploy\` says what each stage would find at the present traffic.`;
}
