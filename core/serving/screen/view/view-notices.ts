import { titleOfWarning } from '../../host-warning.ts';
import type { ScreenEvent } from '../screen-routes.ts';
import type { Tone } from './view.ts';
import { isGpuFull, toneOfDisk } from './view-host.ts';
import { sayAgo, sayBytes, sayPlain, sayUntil } from './words.ts';

/** What somebody should know first. */
export type Heed = { readonly tone: Tone; readonly title: string; readonly text: string };

/** What is not as it should be, the worst first: brakes, warnings of the host, holds, versions that failed, drift. */
export function viewHeeds({ state, outlooks }: ScreenEvent, nowMs: number): readonly Heed[] {
  const braked = Object.entries(state.traffic).flatMap(([model, { brake }]): readonly Heed[] =>
    brake === undefined
      ? []
      : [
          {
            tone: 'bad',
            title: `${model}: version ${brake.version} is braked (${brake.code}), ${sayAgo(brake.at, nowMs)}`,
            text: brake.explanation,
          },
        ],
  );
  const warned = (state.warnings ?? []).map(
    ({ code, message, model }): Heed => ({
      tone: 'bad',
      title: model === undefined ? titleOfWarning(code) : `${model}: ${titleOfWarning(code)}`,
      text: message,
    }),
  );
  const failed = state.instances
    .filter((one) => one.state === 'failed')
    .map(
      ({ model, version, code = 'failed', message = '' }): Heed => ({
        tone: 'bad',
        title: `${model}: version ${version} failed (${code})`,
        text: message,
      }),
    );
  const ofModels = Object.entries(outlooks).flatMap(([model, outlook]) => [
    ...heedsOfRollout(model, outlook, state.traffic[model]?.brake !== undefined, nowMs),
    ...heedsOfDrift(model, outlook),
  ]);
  return [...braked, ...heedsOfDisk(state), ...heedsOfGpu(state), ...warned, ...failed, ...ofModels];
}

function heedsOfDisk({ disk }: ScreenEvent['state']): readonly Heed[] {
  if (disk === undefined || toneOfDisk(disk) !== 'bad') return [];
  const text = `${sayBytes(disk.freeBytes)} are free: make room, before what is counted and decided here can't be written.`;
  return [{ tone: 'bad', title: 'The disk is full, or nearly', text }];
}

function heedsOfGpu({ gpu }: ScreenEvent['state']): readonly Heed[] {
  if (gpu?.kind !== 'seen') return [];
  return gpu.gpus.filter(isGpuFull).map(({ index, usedBytes, totalBytes }) => ({
    tone: 'bad',
    title: `GPU ${index} is full, or nearly`,
    text: `${sayBytes(usedBytes)} of ${sayBytes(totalBytes)} are in use: a version that starts, or a larger batch, may find no memory.`,
  }));
}

type Outlooks = ScreenEvent['outlooks'];

function heedsOfRollout(
  model: string,
  { rollout }: Outlooks[string],
  isBraked: boolean,
  nowMs: number,
): readonly Heed[] {
  if (rollout === undefined || isBraked) return [];
  const { control, decision, leaseEndsAt, returnsAt } = rollout;
  const isSilent = Date.parse(leaseEndsAt) <= nowMs;
  return [
    ...(control === 'held'
      ? [{ tone: 'warn', title: `${model}: the rollout is held`, text: decision.explanation } as const]
      : []),
    ...(isSilent
      ? [
          {
            tone: 'warn',
            title: `${model}: deploy is silent`,
            text: `The lease is ${sayUntil(leaseEndsAt, nowMs)}: nothing moves, and all traffic returns to the stable version ${sayUntil(returnsAt, nowMs)}.`,
          } as const,
        ]
      : []),
  ];
}

function heedsOfDrift(model: string, { drift, labels }: Outlooks[string]): readonly Heed[] {
  return [
    ...(drift?.verdict === 'fail'
      ? [
          {
            tone: drift.severity === 'act' ? 'bad' : 'warn',
            title: `${model}: version ${drift.version} sees drift`,
            text: sayPlain([drift.explanation, ...drift.findings].join(' ')),
          } as const,
        ]
      : []),
    ...(labels?.verdict === 'fail'
      ? [
          {
            tone: 'bad',
            title: `${model}: version ${labels.version} is right less often than promised`,
            text: 'By its late labels.',
          } as const,
        ]
      : []),
  ];
}
