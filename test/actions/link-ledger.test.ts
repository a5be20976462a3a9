import { describe, expect, it } from 'vitest';
import { linkLedger } from '../../actions/serving/link-ledger.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { Ledger } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { contextOf } from '../core/ledger/ledger-support.ts';
import { createManualClock } from './support/manual-clock.ts';
import { createMemoryAgent } from './support/memory-agent.ts';
import { createMemoryLedger } from './support/memory-ledger.ts';

const frozen = (id: string) => createEvent(contextOf(id), 'frozen', { reason: id });
const wanted = { stable: '7', candidatePercent: 0, shadow: false };

/** A ledger in memory that says which commit it was read from, as one in git does. */
function onBranch(ledger: Ledger): Ledger {
  return {
    ...ledger,
    read: async (model) => ({
      ...(await ledger.read(model)),
      origin: { commit: 'c1', replaces: [], digests: [] },
    }),
  };
}

async function hostThatServes() {
  const agent = createMemoryAgent('http://serve-1:9443', createManualClock());
  await agent.startInstance('mnist', '7', { manifest: `sha256:${'0'.repeat(64)}` });
  return agent;
}

describe('hosts and the ledger', () => {
  it('remember how far the ledger went when traffic was set, each time anew', async () => {
    const agent = await hostThatServes();
    const linked = linkLedger(onBranch(createMemoryLedger([frozen('a'), frozen('b')])), [agent]);
    await linked.ledger.read('mnist');
    await linked.agents[0]?.urgent().setTraffic('mnist', wanted, undefined);
    const { last, events } = (await agent.state()).traffic['mnist']?.ledger ?? {};
    expect({ last, events }).toEqual({ last: 'b/frozen', events: 2 });
  });

  it('stop a job that finds a ledger without what they remember, before it writes', async () => {
    const agent = await hostThatServes();
    const told = linkLedger(onBranch(createMemoryLedger([frozen('a'), frozen('b')])), [agent]);
    await told.ledger.read('mnist');
    await told.agents[0]?.setTraffic('mnist', wanted, undefined);
    for (const recorded of [[], [frozen('a')], [frozen('a'), frozen('c'), frozen('d')]]) {
      const lost = createMemoryLedger(recorded);
      const { ledger } = linkLedger(onBranch(lost), [agent]);
      await expect(ledger.read('mnist')).rejects.toMatchObject({ problems: [{ code: 'ledger-lost' }] });
      const refused = await ledger.append('mnist', () => ok([frozen('e')]));
      expect(refused).toMatchObject({ ok: false, error: { code: 'ledger-lost' } });
      expect(lost.events).toHaveLength(recorded.length);
    }
    const longer = createMemoryLedger([frozen('a'), frozen('b'), frozen('c')]);
    expect((await linkLedger(longer, [agent]).ledger.read('mnist')).events).toBe(3);
  });

  it('that are told of more while they are asked keep nobody from the ledger', async () => {
    const agent = await hostThatServes();
    const memory = createMemoryLedger([frozen('a')]);
    const other = linkLedger(onBranch(memory), [agent]);
    const slow = {
      ...agent,
      urgent: () => slow,
      state: async () => {
        await other.ledger.append('mnist', () => ok([frozen('b')]));
        await other.ledger.read('mnist');
        await other.agents[0]?.setTraffic('mnist', wanted, undefined);
        return agent.state();
      },
    };
    expect((await linkLedger(onBranch(memory), [slow]).ledger.read('mnist')).events).toBe(2);
  });

  it('that do not answer keep nobody from the ledger', async () => {
    const agent = await hostThatServes();
    const dead = { ...agent, urgent: () => dead, state: () => Promise.reject(new Error('away')) };
    expect((await linkLedger(createMemoryLedger(), [dead]).ledger.read('mnist')).events).toBe(0);
  });
});
