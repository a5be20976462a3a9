import { z } from 'zod';
import { stagePercentSchema } from '../../rollout/rollout-plan.ts';
import {
  checkDeadline,
  checkHosts,
  checkLimits,
  checkMaxUnavailable,
  checkStages,
} from '../check-sections.ts';
import { reportCrossProblems } from '../cross-problem.ts';
import { countOrShare, duration, pinnedAddress, share, whole } from './fields.ts';
import { whenRight } from './when-right.ts';

/** One environment as it is written. */
export const environmentSchema = z
  .strictObject({
    hosts: z
      .array(pinnedAddress('Address of the agent on a serving host.', 'https://serve-1:9443'))
      .min(1)
      .superRefine((hosts, context) => reportCrossProblems(context, checkHosts(hosts)))
      .meta({
        description:
          'Agents of the serving hosts: addresses, or `{ url, fingerprint }` where the SHA-256 of the certificate stands for its authority and its names.',
        examples: ['["https://serve-1:9443"]'],
      }),
    rollout: z
      .strictObject({
        stages: z
          .array(stagePercentSchema)
          .min(1)
          .max(50)
          .default([1, 10, 50, 100])
          .meta({
            description: 'Percent of traffic the candidate gets, stage by stage; the last is 100.',
            examples: ['[1, 10, 50, 100]'],
          }),
        alpha: z.number().gt(0).lt(1).default(0.01).meta({
          description: 'At most this share of rollouts of an equal candidate is rolled back.',
        }),
        'stage-min': duration('The shortest time in a stage.', '5m').prefault('5m'),
        'min-requests': whole('Candidate requests a stage needs; without it the evidence says.', {
          min: 0,
          max: 1e9,
        }).optional(),
        deadline: duration('A rollout that has too little traffic by then holds.', '6h').prefault('6h'),
        'max-error-rate': share(
          'Error rate no version may exceed, whatever the other does.',
          '1%',
        ).optional(),
        'on-no-data': z
          .enum(['rollback', 'hold'])
          .default('rollback')
          .meta({ description: 'What follows a hold for lack of traffic.' }),
        'latency-margin': share('So much slower is not yet slower.', '10%').prefault('10%'),
        tolerance: z.number().min(1).max(10).default(1).meta({
          description: 'Odds ratio of failed requests that is still acceptable; 1 is not worse at all.',
        }),
        shadow: duration(
          'How long the candidate first gets copies of requests only, and then until as many have ended as were sent in that time.',
          '10m',
        ).prefault('0s'),
        lease: duration(
          'Without a sign from the deploy job for so long, hosts stop advancing.',
          '2m',
        ).prefault('2m'),
        'max-unavailable': countOrShare(
          'So many hosts may be out of reach while a candidate is rolled out; with more it is held, never promoted. A share is rounded down.',
          '25%',
        ).prefault(0),
      })
      .superRefine(
        (rollout, context) => reportCrossProblems(context, checkStages(rollout)),
        whenRight(['stages']),
      )
      .superRefine(
        (rollout, context) => reportCrossProblems(context, checkDeadline(rollout)),
        whenRight(['stages', 'deadline', 'shadow', 'stage-min']),
      )
      .superRefine(
        (rollout, context) => reportCrossProblems(context, checkLimits(rollout)),
        whenRight(['deadline', 'lease', 'max-error-rate']),
      )
      .prefault({})
      .meta({ description: 'How a candidate is brought to all traffic.' }),
  })
  .superRefine(
    (environment, context) => reportCrossProblems(context, checkMaxUnavailable(environment)),
    whenRight(['hosts', 'rollout.max-unavailable']),
  );
