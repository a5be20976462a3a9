import { UserError } from '../../core/errors.ts';
import { findLoss, headOf, type Remembered } from '../../core/ledger/head/ledger-head.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import type { AgentPort, Ledger } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import type { SetTraffic } from '../../core/serving/api.ts';
import { askHeads } from './ask-heads.ts';

/** What a host is told of a ledger. */
type ToldHead = NonNullable<SetTraffic['ledger']>;

/**
 * Lets a ledger and the hosts of an environment keep each other. Each order of traffic tells its host how far the ledger goes by which it
 * was given. A ledger that does not go where a host was told is neither read nor written: reads reject with a UserError that says how
 * to put it back. Hosts that do not answer in seconds say nothing.
 */
export function linkLedger(
  ledger: Ledger,
  agents: readonly AgentPort[],
): { readonly ledger: Ledger; readonly agents: readonly AgentPort[] } {
  const heads = new Map<string, ToldHead>();
  const seen = new Map<string, Promise<Remembered>>();
  const seenOf = (model: string) => {
    const asked = seen.get(model) ?? askHeads(agents, model);
    seen.set(model, asked);
    return asked;
  };
  const remember = (state: LedgerState): void => {
    const head = headOf(state);
    if (head !== undefined)
      heads.set(state.model, { ...head, replaces: [...(state.origin?.replaces ?? [])] });
  };
  return {
    agents: agents.map((agent) => tellHead(agent, (model) => heads.get(model))),
    ledger: {
      history: ledger.history,
      read: async (model) => {
        // Hosts first: what another job writes and tells them meanwhile is in the ledger that is read after.
        const { heads: told } = await seenOf(model);
        const state = await ledger.read(model);
        const lost = findLoss(state, told);
        if (lost !== undefined) throw new UserError([lost]);
        remember(state);
        return state;
      },
      append: async (model, propose) => {
        const { heads: told } = await seenOf(model);
        const appended = await ledger.append(model, (state) => {
          const lost = findLoss(state, told);
          return lost === undefined ? propose(state) : err(lost);
        });
        if (!appended.ok) return appended;
        remember(appended.value.state);
        return ok(appended.value);
      },
    },
  };
}

function tellHead(agent: AgentPort, headFor: (model: string) => ToldHead | undefined): AgentPort {
  return {
    ...agent,
    urgent: () => tellHead(agent.urgent(), headFor),
    setTraffic: (model, traffic, expected) => {
      const head = headFor(model);
      return agent.setTraffic(model, head === undefined ? traffic : { ...traffic, ledger: head }, expected);
    },
  };
}
