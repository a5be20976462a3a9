import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import type { Traffic } from '../../../core/serving/api.ts';
import type { Fleet } from './fleet.ts';
import { setTraffic } from './traffic.ts';

/**
 * Gives all requests to the stable version on every host at once, within seconds. A host that can't be told, or refuses, is named among
 * those away: its lease, and monitor-check after that, bring it back. A host that a newer rollout leads is left to that one.
 */
export async function takeBack(
  fleet: Pick<Fleet, 'tellEveryHost'>,
  { model, rollout, stable }: { readonly model: string; readonly rollout: string; readonly stable: string },
): Promise<void> {
  await fleet.tellEveryHost(async (agent) => {
    // A host without traffic has nothing to take back; it may not have the stable version either.
    const present = await agent.getTraffic(model);
    if (present !== undefined && isLedBy(present, rollout)) {
      await setTraffic(agent, { model, wanted: serveOnly(stable, []) });
    }
  });
}

/** The ledger isn't asked, since safety does not wait for it: the lease of a host says whose traffic that is. */
function isLedBy({ lease }: Traffic, rollout: string): boolean {
  return lease === undefined || lease.rollout === rollout;
}
