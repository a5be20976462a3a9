import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import type { Fleet } from './fleet.ts';
import { setTraffic } from './traffic.ts';

/**
 * Gives all requests to the stable version on every host at once, within seconds. A host that can't be told, or refuses, is named among
 * those away: its lease, and monitor-check after that, bring it back. A host that another rollout leads, or none, gives this one
 * nothing to take back: a rollback that is late leaves it what it was given since.
 */
export async function takeBack(
  fleet: Pick<Fleet, 'tellEveryHost'>,
  { model, rollout, stable }: { readonly model: string; readonly rollout: string; readonly stable: string },
): Promise<void> {
  await fleet.tellEveryHost(async (agent) => {
    // The ledger isn't asked, since safety does not wait for it: the lease of a host says whose traffic that is.
    const present = await agent.getTraffic(model);
    if (present?.lease?.rollout === rollout) {
      await setTraffic(agent, { model, wanted: serveOnly(stable, []) });
    }
  });
}
