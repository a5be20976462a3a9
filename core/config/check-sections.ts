import { didYouMean } from '../did-you-mean.ts';
import type { CrossProblem } from './cross-problem.ts';
import { readGateEntry, SPECIAL_METRICS } from './gate-rules.ts';
import type { RawGateEntry } from './gate-schema.ts';

/** What is wrong between the keys of one entry of the gate. */
export function checkGateEntry(entry: RawGateEntry): readonly CrossProblem[] {
  const wrong = readGateEntry(entry).problems.map(({ key, message, remedy }) => ({
    code: 'gate-rule',
    path: key === undefined ? [] : [key],
    message,
    remedy,
  }));
  const { metric } = entry;
  const meant = metric === undefined ? undefined : findMeant(metric);
  if (meant === undefined) return wrong;
  const message = `There is no \`${metric}\`.`;
  return [...wrong, { code: 'gate-rule', path: ['metric'], message, remedy: `Did you mean \`${meant}\`?` }];
}

/** `latency-p90` or `latency_p95` would otherwise be taken for a metric of the user's own. */
function findMeant(metric: string): string | undefined {
  if (SPECIAL_METRICS.includes(metric)) return undefined;
  const dashed = metric.toLowerCase().replaceAll('_', '-');
  if (dashed.startsWith('latency')) return didYouMean(dashed, SPECIAL_METRICS) ?? 'latency-p95';
  return SPECIAL_METRICS.find((name) => name === dashed);
}

/** What is wrong between the settings of one rollout. */
export function checkRollout(rollout: {
  readonly stages: readonly number[];
  readonly deadline: number;
  readonly 'stage-min': number;
  readonly shadow: number;
}): readonly CrossProblem[] {
  const { stages, deadline, shadow } = rollout;
  const problems: CrossProblem[] = [];
  const proper = [...new Set([...stages, 100])].toSorted((left, right) => left - right);
  const remedy = `Write \`stages: [${proper.join(', ')}]\`.`;
  if (stages.some((stage, index) => index > 0 && stage <= (stages[index - 1] ?? 0))) {
    const message = `The stages ${stages.join(', ')} do not increase.`;
    problems.push({ code: 'stages-order', path: ['stages'], message, remedy });
  } else if (stages.at(-1) !== 100) {
    const message = 'The last stage is not 100, so a candidate would never be promoted.';
    problems.push({ code: 'stages-end', path: ['stages'], message, remedy });
  }
  const needed = rollout['stage-min'] * stages.length + shadow;
  if (deadline < needed) {
    problems.push({
      code: 'deadline-too-short',
      path: ['deadline'],
      message: `The stages and the shadow take at least ${needed} s, and the deadline is after ${deadline} s.`,
      remedy: 'Raise `deadline`, or shorten `stage-min` or `shadow`.',
    });
  }
  return problems;
}

/** Hosts listed twice. */
export function checkHosts(hosts: readonly string[]): readonly CrossProblem[] {
  return hosts.flatMap((host, index) =>
    hosts.indexOf(host) === index
      ? []
      : [
          {
            code: 'duplicate-host',
            path: [index],
            message: `The host ${host} is listed twice.`,
            remedy: 'Remove one of the two.',
          },
        ],
  );
}

/** Drift limits out of order. */
export function checkDrift(drift: {
  readonly tolerance: number;
  readonly warn: number;
  readonly act: number;
}): readonly CrossProblem[] {
  const { tolerance, warn, act } = drift;
  if (tolerance <= warn && warn <= act) return [];
  return [
    {
      code: 'drift-order',
      path: [],
      message: `tolerance (${tolerance}), warn (${warn}) and act (${act}) must not decrease.`,
      remedy: 'Write them in that order, such as 0.02, 0.1 and 0.25.',
    },
  ];
}
