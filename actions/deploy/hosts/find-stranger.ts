import type { Problem } from '../../../core/errors.ts';
import { hasServed } from '../../../core/ledger/read-rollback.ts';
import type { EnvironmentState } from '../../../core/ledger/state.ts';
import type { Fleet } from './fleet.ts';

type Question = {
  readonly model: string;
  readonly environment: string;
  readonly here: EnvironmentState;
  /** The version that is about to come. */
  readonly version: string;
};

/**
 * Asks hosts what they serve before anything is overwritten. A version that the ledger knows as no champion of this environment means
 * that the ledger was lost, the environment was renamed, or the host belongs to another one. Where the ledger knows no champion at all,
 * a host that can't be asked is not one that serves nothing.
 */
export async function findStranger(
  fleet: Pick<Fleet, 'onEveryHost' | 'away'>,
  { model, environment, here, version }: Question,
): Promise<Problem | undefined> {
  const seen = await fleet.onEveryHost(async (agent) => {
    const serving = (await agent.getTraffic(model))?.stable;
    return { url: agent.url, serving };
  });
  const isKnown = (serving: string) => serving === version || hasServed(here, serving);
  const stranger = seen.find(({ serving }) => serving !== undefined && !isKnown(serving));
  if (stranger?.serving !== undefined) return describeStranger(stranger.url, stranger.serving, environment);
  const [unasked] = here.champion === undefined ? fleet.away() : [];
  return (
    unasked && {
      code: 'host-unasked',
      message: `${unasked.url} can't be asked what it serves (${unasked.why}), and the first version of ${environment} would get all traffic at once.`,
      remedy: `Bring it back, or take it out of environments.${environment}.hosts until the first version serves; then run this again.`,
    }
  );
}

function describeStranger(url: string, serving: string, environment: string): Problem {
  return {
    code: 'host-serves-other',
    message: `${url} serves version ${serving}, which the ledger does not know as a champion of ${environment}.`,
    remedy: `If the ledger branch was lost, put it back; if ${environment} had another name, give it that again; if the host is of another environment, list it only there. If all of that is right, take over what serves first: /deploy v${serving} ${environment}.`,
  };
}
