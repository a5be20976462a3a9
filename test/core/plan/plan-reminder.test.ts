import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { planEvent } from '../../../core/plan/plan-event.ts';
import { isOthersTurn } from '../../../core/serving/is-others-turn.ts';
import { input, NOW, startedEvent, stateOf } from './plan-support.ts';

/** How many of these hosts are heard with this reminder. */
function heardOf(ids: readonly string[], reminder: unknown): number {
  return ids.filter((hostId) => !isOthersTurn({ hostId, reminder, hosts: ids.length })).length;
}

const fleetOf = (hosts: number) => Array.from({ length: hosts }, () => randomUUID());

it('hears the first report of every host, and what says nothing that can be read of reminders', () => {
  for (const reminder of [undefined, 0, -1, 1.5, 'one']) expect(heardOf(fleetOf(20), reminder)).toBe(20);
  expect(isOthersTurn({ hostId: undefined, reminder: 1, hosts: 20 })).toBe(false);
});

it('hears every reminder of a host that is alone', () => {
  for (const reminder of [1, 2, 3, 4]) expect(heardOf(fleetOf(1), reminder)).toBe(1);
});

it('hears each host once in as many reminders as there are hosts', () => {
  const ids = fleetOf(20);
  const heard = ids.map((_, index) => heardOf(ids, index + 1));
  expect(heard.reduce((sum, count) => sum + count, 0)).toBe(20);
});

it('asks for a job from one of two hosts, and another each time', () => {
  const started = startedEvent('8', 'production');
  if (started.kind !== 'rollout.started') throw new Error('this begins no rollout');
  const two = { ...started, data: { ...started.data, hosts: ['https://p:1', 'https://p:2'] } };
  const of = (digit: number, reminder: number) => {
    const report = {
      ...{ v: 1, id: `stage-${digit}-${reminder}`, at: NOW, from: 'host', model: 'mnist' },
      ...{ environment: 'production', body: { rollout: 'r8', reminder }, signature: 'c2ln' },
      hostId: `0000000${digit}-0000-4000-8000-000000000000`,
    };
    const payload = { action: 'trainyard.rollout', client_payload: report };
    const decision = planEvent({
      ...input,
      eventName: 'repository_dispatch',
      payload,
      state: stateOf([two]),
    });
    return decision.kind === 'operation' ? decision.operation : decision.code;
  };
  expect([of(0, 0), of(1, 0)]).toEqual(['advance', 'advance']);
  expect([of(0, 1), of(1, 1)]).toEqual(['reminded-by-others', 'advance']);
  expect([of(0, 2), of(1, 2)]).toEqual(['advance', 'reminded-by-others']);
});
