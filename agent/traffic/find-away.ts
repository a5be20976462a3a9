import type { HostWarning } from '../../core/serving/api.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import type { AgentContext } from '../context.ts';
import { shareOut } from './share-out.ts';

/** What is wrong with the traffic of this host: versions that are to answer requests and can't, and who does meanwhile. */
export function findAway({ store }: Pick<AgentContext, 'store'>): readonly HostWarning[] {
  return Object.entries(store.traffic()).flatMap(([model, { traffic }]) => {
    const shares = shareOut(store.instances(), model, traffic);
    const other = shares.find(({ given }) => given === 100)?.version;
    const meanwhile =
      other === undefined
        ? 'No version answers meanwhile.'
        : `Version ${other} answers all of them meanwhile.`;
    return shares
      .filter(({ wanted, given }) => wanted > 0 && given === 0)
      .map(({ version, wanted }) => {
        const instance = store.getInstance(model, version);
        const code = instance?.code === undefined ? '' : ` (${instance.code})`;
        const state = instance === undefined ? 'unknown' : instance.state;
        return {
          code: HOST_WARNINGS.versionAway,
          model,
          message: `Version ${version} of ${model} is to answer ${wanted}% of the requests and is ${state} on this host${code}. ${meanwhile}`,
        };
      });
  });
}
