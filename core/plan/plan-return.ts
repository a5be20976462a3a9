import { z } from 'zod';
import { versionSchema } from '../identity/version.ts';
import { instantSchema, secondsBetween } from '../instant.ts';
import { environmentOf } from '../ledger/state.ts';
import { DISPATCH_TYPES, type DispatchType } from '../names.ts';
import { findReturnBar } from '../rollout/find-return-bar.ts';
import { BY_HAND } from '../serving/brakes/by-hand.ts';
import type { DispatchPayload } from '../serving/dispatch-payload.ts';
import { type PlanDecision, refuse } from './decision.ts';
import type { PlanInput } from './plan-input.ts';

/** What a host says of traffic that a person took back there. */
const takenBackSchema = z.object({
  code: z.literal(BY_HAND),
  version: versionSchema,
  to: versionSchema,
  at: instantSchema,
});

/**
 * What a person did by hand at one host, on record and on the other hosts: the champion gives way to the version that answers there.
 * `undefined` for every other report, and where that version is the champion no more, or has become it since. A host's word leads to no
 * version that a person's could not lead to.
 */
export function planReturn(
  { sha, state }: Pick<PlanInput, 'sha' | 'state'>,
  { type, payload }: { readonly type: DispatchType; readonly payload: DispatchPayload },
  environment: string,
): PlanDecision | undefined {
  const told = takenBackSchema.safeParse(payload.body);
  if (type !== DISPATCH_TYPES.brake || !told.success) return undefined;
  const { version, to, at } = told.data;
  const { champion, rollout } = environmentOf(state, environment);
  const isChampion = champion?.version === version && secondsBetween(champion.at, at) >= 0;
  if (!isChampion || rollout !== undefined) return undefined;
  const bar = findReturnBar(state, { environment, version: to });
  if (bar !== undefined) return refuse(bar.code, bar.message, bar.remedy);
  return {
    kind: 'operation',
    operation: 'rollback',
    sha,
    parameters: {},
    cause: { kind: 'dispatch', id: payload.id },
    actor: payload.from,
    dryRun: false,
    environment,
    version: to,
    correlationId: payload.id,
  };
}
