import { serveOnly } from '../../../core/deploy/rollout-traffic.ts';
import { ServiceError, UNREACHABLE, UserError } from '../../../core/errors.ts';
import type { Word } from '../../../core/serving/api.ts';
import type { Startable } from '../../serving/startable.ts';
import { ensureServing } from './ensure-serving.ts';
import type { Fleet } from './fleet.ts';
import type { Starter } from './starter.ts';
import { setTraffic } from './traffic.ts';

type ReturnPorts = { readonly fleet: Fleet; readonly starter: Pick<Starter, 'start'> };

/** The version to return to, and what a person says for it where one asked. */
type Return = { readonly startable: Startable; readonly words: readonly Word[] };

/**
 * Gives all requests to an earlier version. Hosts that run it still are told at once; only where none does, it is started first, on
 * each for itself. Hosts that are not there after that are left to the settler. Rejects where not one host could be told.
 */
export async function returnHosts(
  { fleet, starter }: ReturnPorts,
  { startable, words }: Return,
): Promise<void> {
  const { model, version } = startable;
  const wanted = serveOnly(version, words);
  const told: string[] = [];
  await fleet.tellEveryHost(async (agent) => {
    if ((await agent.getInstance(model, version))?.state !== 'ready') return;
    await setTraffic(agent, { model, wanted });
    told.push(agent.url);
  });
  if (told.length > 0) return;
  const started = await fleet.onEveryHost(async (agent) => {
    await ensureServing(starter, agent, startable);
    await setTraffic(agent, { model, wanted });
  });
  if (started.length === 0) throw notReturned(fleet, version);
}

function notReturned({ away }: Pick<Fleet, 'away'>, version: string): ServiceError | UserError {
  const found = away();
  const refusing = found.filter(({ kind }) => kind === 'refusing');
  if (refusing.length === 0) {
    return new ServiceError({
      code: UNREACHABLE,
      message: `No host can be reached. ${found.map(({ why }) => why).join(' ')}`,
      remedy: 'Bring one back, and run this again.',
      where: { kind: 'endpoint', endpoint: found.map(({ url }) => url).join(', ') },
    });
  }
  return new UserError([
    {
      code: 'not-ready',
      message: `No host could be brought to version ${version}: ${refusing.map(({ why }) => why).join(' ')}`,
      remedy: 'Traffic was left as it is. Look at the instance’s log on a host, or name another version.',
    },
  ]);
}
