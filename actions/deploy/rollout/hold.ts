import type { Rollout } from '../../../core/ledger/state.ts';
import { ok } from '../../../core/result.ts';
import { appendOrThrow } from '../../job/append-or-throw.ts';
import { type Deployment, entry, hereIn } from '../deploy-context.ts';

/** Why a rollout is held; `away` are the hosts that do not take part. */
export type Holding = {
  readonly code: string;
  readonly explanation: string;
  readonly away: readonly string[];
};

/** Records that a rollout stands still, once per hold. */
export async function recordHold(
  deployment: Deployment,
  rollout: Rollout,
  { code, explanation, away }: Holding,
): Promise<void> {
  const { request, ports } = deployment;
  if (rollout.held !== undefined) return;
  const { id, stage } = rollout;
  const data = {
    rollout: id,
    environment: request.environmentName,
    code,
    explanation,
    ...(away.length > 0 && { away: [...away] }),
  };
  // Hosts may be lost more than once in a stage; the state says whether this loss is on record.
  const parts = code === 'hosts-away' ? [stage, ports.clock.now()] : [stage];
  await appendOrThrow(ports.ledger, request.config.model, (now) => {
    const open = hereIn(deployment, now).rollout;
    if (open?.id !== id || open.held !== undefined) return ok([]);
    return ok([entry(deployment, 'rollout.held', data, id, code, ...parts)]);
  });
}

/** Records that the hosts for want of which it was held are back. */
export async function recordReturn(deployment: Deployment, { id, held }: Rollout): Promise<void> {
  const { request, ports } = deployment;
  if (held?.code !== 'hosts-away') return;
  const data = { rollout: id, environment: request.environmentName };
  await appendOrThrow(ports.ledger, request.config.model, (now) => {
    const open = hereIn(deployment, now).rollout;
    if (open?.id !== id || open.held?.code !== 'hosts-away') return ok([]);
    return ok([entry(deployment, 'rollout.resumed', data, id, 'hosts-back', ports.clock.now())]);
  });
}
