import { messageOf } from '../../core/errors.ts';
import type { EnvironmentState } from '../../core/ledger/state.ts';
import { ALIASES, TAGS } from '../../core/names.ts';
import { type Deployment, hereIn, readState } from './deploy-context.ts';
import { setTrafficEverywhere, stopOthers } from './fleet.ts';
import { serveOnly } from './rollout-traffic.ts';

/**
 * Makes hosts and registry agree with the ledger when no rollout is open: traffic, instances, aliases, tags. It may be done
 * again at any time, so a job that was killed after its last event loses nothing.
 */
export async function settle(deployment: Deployment): Promise<void> {
  const here = hereIn(deployment, await readState(deployment));
  const { champion, previous, rollout } = here;
  if (champion === undefined || rollout !== undefined) return;
  await setTrafficEverywhere(deployment, serveOnly(champion.version));
  const keep = new Set([champion.version, ...(previous === undefined ? [] : [previous.version])]);
  await stopOthers(deployment, keep);
  await project(deployment, here);
}

/** Aliases and tags in MLflow follow the ledger; monitor-check repairs them when this fails. */
async function project({ request, ports }: Deployment, here: EnvironmentState): Promise<void> {
  const { model } = request.config;
  const { tracking, log } = ports;
  const { champion, previous, history } = here;
  try {
    await tracking.setAlias(model, ALIASES.champion, champion?.version);
    await tracking.setAlias(model, ALIASES.previous, previous?.version);
    const challenger = await tracking.getAlias(model, ALIASES.challenger);
    if (challenger !== undefined && history.some(({ version }) => version === challenger)) {
      await tracking.setAlias(model, ALIASES.challenger, undefined);
    }
    const ended = history.at(-1);
    if (ended?.outcome === 'rolled-back') {
      await tracking.setVersionTags(model, ended.version, { [TAGS.life]: 'archived' });
    }
    if (previous !== undefined)
      await tracking.setVersionTags(model, previous.version, { [TAGS.life]: 'archived' });
    if (champion !== undefined)
      await tracking.setVersionTags(model, champion.version, { [TAGS.life]: 'production' });
  } catch (thrown) {
    log.warn(`The aliases in MLflow could not be brought up to date: ${messageOf(thrown)}`);
  }
}
