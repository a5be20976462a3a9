import { expect, test } from 'vitest';
import { gatherInput } from '../../actions/monitor-check/gather-input.ts';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { NO_COUNTS } from '../../agent/traffic/version-reading.ts';
import { addSeconds } from '../../core/instant.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { AgentPort, GitHub } from '../../core/ports.ts';
import { monitorBench } from './support/monitor-bench.ts';

/** GitHub, with a note of each thing that is asked of it. */
function noteCalls(github: GitHub, asked: string[]): GitHub {
  return new Proxy(github, {
    get: (target, name, receiver) => {
      asked.push(String(name));
      return Reflect.get(target, name, receiver);
    },
  });
}

test('a check asks three things of GitHub at most, and of each open training one more', async () => {
  const { world, github, monitoring } = monitorBench(60);
  const check = async () => {
    const asked: string[] = [];
    await monitorCheck({
      ...monitoring,
      ports: { ...monitoring.ports, github: noteCalls(github, asked) },
    });
    return asked.toSorted();
  };
  expect(await check()).toEqual(['dispatch', 'lastScheduledRun', 'upsertIssue']);
  const cause = { kind: 'dispatch', id: github.dispatches[0]?.payload.id ?? '' } as const;
  const context = { ...monitoring.request.author, cause, at: world.clock.now() };
  const data = { operation: 'train' as const, sha: 'a'.repeat(40), parameters: {} };
  world.ledger.events.push(createEvent(context, 'training.requested', data));
  expect(await check()).toEqual(['conclusionOf', 'lastScheduledRun', 'upsertIssue']);
});

test('a check of a healthy champion asks two things, and closes what is over', async () => {
  const { github, monitoring } = monitorBench();
  const asked: string[] = [];
  await monitorCheck({ ...monitoring, ports: { ...monitoring.ports, github: noteCalls(github, asked) } });
  expect(asked.toSorted()).toEqual(['closeIssue', 'lastScheduledRun']);
});

/** The first host of a bench, with what it has seen, under many addresses; notes how many are read at once. */
async function gatherOf(agents: (one: AgentPort) => readonly AgentPort[]) {
  const { world, monitoring } = monitorBench();
  const [agent] = world.agents;
  const looks = Array.from({ length: 50 }, (_, index) => addSeconds(world.clock.now(), -60 * (index + 1)));
  agent.seen.push(
    ...looks.map((at, index) => ({
      ...{ host: agent.url, hostId: agent.identity.hostId, at, seq: index + 1, seconds: 60, stage: 0 },
      weights: { candidate: 0 },
      candidate: NO_COUNTS,
      stable: { ...NO_COUNTS, requests: 10 },
    })),
  );
  const ports = { ...monitoring.ports, agents: agents(agent) };
  const state = await monitoring.ports.ledger.read(monitoring.request.config.model);
  const { evidence } = await gatherInput({ ...monitoring, ports }, state);
  return evidence.hours.reduce((sum, { requests }) => sum + requests, 0);
}

test('hosts are read two at a time, and one that has two addresses counts once', async () => {
  let reading = 0;
  const most: number[] = [];
  const requests = await gatherOf((agent) =>
    Array.from({ length: 11 }, (_, index) => ({
      ...agent,
      url: `https://serve-${index}:9443`,
      windows: async (...asked) => {
        reading += 1;
        most.push(reading);
        await new Promise(setImmediate);
        reading -= 1;
        return agent.windows(...asked);
      },
    })),
  );
  expect(Math.max(...most)).toBe(2);
  expect(most).toHaveLength(11);
  expect(requests).toBe(500);
});

test('an agent that tells no hours yet is asked for its looks', async () => {
  expect(await gatherOf((agent) => [{ ...agent, hours: async () => undefined }])).toBe(500);
});
