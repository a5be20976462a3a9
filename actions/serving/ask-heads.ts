import type { SeenHead } from '../../core/ledger/head/ledger-head.ts';
import type { AgentPort } from '../../core/ports.ts';

/** How far the ledger of a model goes by what hosts were told of it. Those that do not answer in seconds say nothing. */
export async function askHeads(agents: readonly AgentPort[], model: string): Promise<readonly SeenHead[]> {
  const heads = agents.map(async (agent): Promise<readonly SeenHead[]> => {
    // Who is away, or ill, is found and named by those who need it.
    const state = await agent
      .urgent()
      .state()
      .catch(() => undefined);
    const head = state?.traffic[model]?.ledger;
    return head === undefined ? [] : [{ by: agent.url, head }];
  });
  return (await Promise.all(heads)).flat();
}
