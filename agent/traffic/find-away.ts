import type { AgentContext } from '../context.ts';
import { shareOut } from './share-out.ts';

/** Reason code of a version that does not answer its share of the requests. */
const VERSION_AWAY = 'version-away';

/** What is wrong with the traffic of this host: versions that are to answer requests and can't, and who does meanwhile. */
export function findAway({
  store,
}: Pick<AgentContext, 'store'>): readonly { readonly code: string; readonly message: string }[] {
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
          code: VERSION_AWAY,
          message: `Version ${version} of ${model} is to answer ${wanted}% of the requests and is ${state} on this host${code}. ${meanwhile}`,
        };
      });
  });
}
