import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import type { Fleet } from './fleet.ts';
import { setTraffic } from './traffic.ts';

/**
 * Gives all requests to the stable version on every host at once, within seconds. A host that can't be told, or refuses, is named among
 * those away: its lease, and monitor-check after that, bring it back.
 */
export async function takeBack(
  fleet: Pick<Fleet, 'tellEveryHost'>,
  { model, stable }: { readonly model: string; readonly stable: string },
): Promise<void> {
  await fleet.tellEveryHost(async (agent) => {
    // A host without traffic has nothing to take back; it may not have the stable version either.
    if ((await agent.getTraffic(model)) !== undefined) {
      await setTraffic(agent, { model, wanted: serveOnly(stable) });
    }
  });
}
