import type { HostWarning } from '../../core/serving/api.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import type { AgentContext } from '../context.ts';
import { describeUnwritten } from './record-brake.ts';

/** Brakes of this host that count and are not written down. */
export function findUnwritten({ store }: Pick<AgentContext, 'store'>): readonly HostWarning[] {
  return Object.keys(store.traffic()).flatMap((model): readonly HostWarning[] => {
    const brake = store.heldTraffic(model)?.traffic.brake;
    if (brake === undefined) return [];
    return [{ code: HOST_WARNINGS.brakeUnwritten, model, message: describeUnwritten(model, brake) }];
  });
}
