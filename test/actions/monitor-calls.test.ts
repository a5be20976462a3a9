import { expect, test } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { GitHub } from '../../core/ports.ts';
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

test('a check asks three things of GitHub at most, and each once', async () => {
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
  expect(await check()).toEqual(['lastScheduledRun', 'upsertIssue']);
});

test('a check of a healthy champion asks two things, and closes what is over', async () => {
  const { github, monitoring } = monitorBench();
  const asked: string[] = [];
  await monitorCheck({ ...monitoring, ports: { ...monitoring.ports, github: noteCalls(github, asked) } });
  expect(asked.toSorted()).toEqual(['closeIssue', 'lastScheduledRun']);
});
