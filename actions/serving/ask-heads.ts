import type { Remembered, SeenHead } from '../../core/ledger/head/ledger-head.ts';
import type { AgentPort } from '../../core/ports.ts';

/** How far the ledger of a model goes by what hosts were told of it. Those that do not answer in seconds say nothing, and are named. */
export async function askHeads(agents: readonly AgentPort[], model: string): Promise<Remembered> {
  const asked = await Promise.all(agents.map((agent) => ask(agent, model)));
  const silent = agents.filter((_, index) => asked[index] === undefined).map(({ url }) => url);
  return { heads: asked.flatMap((heads) => heads ?? []), silent };
}

/** `undefined` where it does not answer: who is away, or ill, is found and named by those who need it. */
async function ask(agent: AgentPort, model: string): Promise<readonly SeenHead[] | undefined> {
  const state = await agent
    .urgent()
    .state()
    .catch(() => undefined);
  if (state === undefined) return undefined;
  const head = state.traffic[model]?.ledger;
  return head === undefined ? [] : [{ by: agent.url, head }];
}
