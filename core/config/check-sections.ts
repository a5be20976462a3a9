import { SHORTEST_LEASE_SECONDS } from '../serving/lease-limits.ts';
import type { CrossProblem } from './cross-problem.ts';
import { hostAddress } from './host-address.ts';
import { type CountOrShare, countOf } from './schema/quantity.ts';
import type { RawServingInput } from './schema/serving-input.ts';

type Rollout = {
  readonly stages: readonly number[];
  readonly deadline: number;
  readonly 'stage-min': number;
  readonly shadow: number;
};

/** Stages that lead nowhere. */
export function checkStages({ stages }: Pick<Rollout, 'stages'>): readonly CrossProblem[] {
  const proper = [...new Set([...stages, 100])].toSorted((left, right) => left - right);
  const remedy = `Write \`stages: [${proper.join(', ')}]\`.`;
  if (stages.some((stage, index) => index > 0 && stage <= (stages[index - 1] ?? 0))) {
    const message = `The stages ${stages.join(', ')} do not increase.`;
    return [{ code: 'stages-order', path: ['stages'], message, remedy }];
  }
  if (stages.at(-1) === 100) return [];
  const message = 'The last stage is not 100, so a candidate would never be promoted.';
  return [{ code: 'stages-end', path: ['stages'], message, remedy }];
}

/** A deadline before the stages can be over. */
export function checkDeadline({
  stages,
  deadline,
  shadow,
  'stage-min': stageMin,
}: Pick<Rollout, 'stages' | 'deadline' | 'shadow' | 'stage-min'>): readonly CrossProblem[] {
  const needed = stageMin * stages.length + shadow;
  if (deadline <= 0 || deadline >= needed) return [];
  const message = `The stages and the shadow take at least ${needed} s, and the deadline is after ${deadline} s.`;
  const remedy = 'Raise `deadline`, or shorten `stage-min` or `shadow`.';
  return [{ code: 'deadline-too-short', path: ['deadline'], message, remedy }];
}

/** Values that no host would take. */
export function checkLimits({
  deadline,
  lease,
  'max-error-rate': maxErrorRate,
}: {
  readonly deadline: number;
  readonly lease: number;
  readonly 'max-error-rate'?: number | undefined;
}): readonly CrossProblem[] {
  const problems: CrossProblem[] = [];
  if (deadline <= 0) {
    const message = 'The deadline is at the very start, so every rollout would be late.';
    const remedy = 'Write the time that a rollout may take, such as `deadline: 6h`, or leave it out.';
    problems.push({ code: 'deadline-too-short', path: ['deadline'], message, remedy });
  }
  if (lease < SHORTEST_LEASE_SECONDS) {
    const message = `A lease of ${lease} s would end before it can be renewed.`;
    const remedy = `Write at least \`lease: ${SHORTEST_LEASE_SECONDS}s\`; 2m is the default.`;
    problems.push({ code: 'lease-too-short', path: ['lease'], message, remedy });
  }
  if (maxErrorRate !== undefined && (maxErrorRate <= 0 || maxErrorRate >= 1)) {
    const message = `A limit of ${maxErrorRate * 100} % of failed requests is ${maxErrorRate <= 0 ? 'broken by the first failure' : 'never broken'}.`;
    const remedy = 'Write a share between the two, such as `max-error-rate: 1%`, or leave it out.';
    problems.push({ code: 'max-error-rate-empty', path: ['max-error-rate'], message, remedy });
  }
  return problems;
}

/** A limit that would let every host be out of reach: then nobody would say how a candidate does. */
export function checkMaxUnavailable({
  hosts,
  rollout,
}: {
  readonly hosts: readonly unknown[];
  readonly rollout: { readonly 'max-unavailable': CountOrShare };
}): readonly CrossProblem[] {
  const allowed = countOf(rollout['max-unavailable'], hosts.length);
  if (allowed < hosts.length) return [];
  return [
    {
      code: 'max-unavailable-too-large',
      path: ['rollout', 'max-unavailable'],
      message: `All ${hosts.length} hosts may be out of reach, and then a candidate would be promoted unseen.`,
      remedy: `Write a number below ${hosts.length}.`,
    },
  ];
}

/** Hosts listed twice. */
export function checkHosts(hosts: readonly { readonly url: string }[]): readonly CrossProblem[] {
  const addresses = hosts.map(({ url }) => hostAddress(url));
  return hosts.flatMap(({ url }, index) =>
    addresses.indexOf(hostAddress(url)) === index
      ? []
      : [
          {
            code: 'duplicate-host',
            path: [index],
            message: `The host ${url} is listed twice.`,
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

/** What is wrong with the steps of a picture, beyond what each key alone shows. */
export function checkServingInput(input: RawServingInput): readonly CrossProblem[] {
  const { mode, layout, size, std, 'shorter-side': shorter } = input;
  const problems: CrossProblem[] = [];
  const channels = mode === 'L' ? 1 : 3;
  for (const key of ['mean', 'std'] as const) {
    const { length } = input[key];
    if (length === 1 || length === channels) continue;
    const message = `${length} numbers are given, and \`mode: ${mode}\` has ${channels === 1 ? 'one channel' : '3 channels'}.`;
    const remedy = `Write one number${channels === 1 ? '' : ', or one for each channel'}.`;
    problems.push({ code: 'picture-channels', path: [key], message, remedy });
  }
  if (std.includes(0)) {
    const message = 'Nothing can be divided by 0.';
    problems.push({
      code: 'picture-std',
      path: ['std'],
      message,
      remedy: 'Write what the model was trained with.',
    });
  }
  if (layout === 'HW' && mode !== 'L') {
    const message = 'The layout has no axis for the three channels.';
    const remedy = 'Write `layout: CHW` or `HWC`, or `mode: L`.';
    problems.push({ code: 'picture-layout', path: ['layout'], message, remedy });
  }
  if (shorter !== undefined && shorter < Math.max(...size)) {
    const message = `A picture whose shorter side is ${shorter} pixels has no middle of ${size.join(' × ')}.`;
    const remedy = `Write at least \`shorter-side: ${Math.max(...size)}\`, or leave it out.`;
    problems.push({ code: 'picture-size', path: ['shorter-side'], message, remedy });
  }
  return problems;
}
