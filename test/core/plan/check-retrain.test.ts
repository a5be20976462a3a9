import { describe, expect, test } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { planEvent } from '../../../core/plan/plan-event.ts';
import { contextOf, input, MAIN, parse, startedEvent, stateOf } from './plan-support.ts';

const NOW = '2026-11-21T09:00:00.000Z';
const HOUR = 3_600_000;
/** Six hours between two automatic trainings, and three in a week at most. */
const config = parse(`version: 1
model: mnist
gate: [{ metric: accuracy, floor: 0.9 }]
project: { parameters: { lr: 0.001 }, timeout: 2h }
environments: { staging: { hosts: ["https://s:1"] }, production: { hosts: ["https://p:1"] } }
monitor: { retrain: { cooldown: 6h, at-most: 3/7d } }
`);

/** A training that a report asked for so many hours ago, and its end an hour later. */
function retrained(id: string, hours: number, end?: 'finished' | 'failed'): readonly LedgerEvent[] {
  const at = (earlier: number) => new Date(Date.parse(NOW) - earlier * HOUR).toISOString();
  const context = { ...contextOf(id, at(hours)), cause: { kind: 'dispatch' as const, id } };
  const asked = { operation: 'train' as const, sha: MAIN, parameters: {} };
  return [
    createEvent(context, 'training.requested', asked),
    ...(end === undefined
      ? []
      : [
          createEvent({ ...context, at: at(hours - 1) }, 'training.finished', {
            runId: `run-${id}`,
            status: end,
          }),
        ]),
  ];
}

function ask(
  events: readonly LedgerEvent[],
  more: { id?: string; environment?: string; attempt?: number } = {},
) {
  const client_payload = {
    ...{ v: 1, id: more.id ?? 'retrain-of-somebody', at: NOW, from: 'monitor-check', model: 'mnist' },
    ...{ environment: more.environment ?? 'production', body: {}, signature: 'eA==' },
  };
  const payload = { action: 'trainyard.retrain', client_payload };
  const attempt = more.attempt ?? 1;
  const event = { eventName: 'repository_dispatch', payload, now: NOW, attempt, config };
  const decision = planEvent({ ...input, ...event, state: stateOf(events) });
  return decision.kind === 'operation' ? decision.operation : `${decision.kind}: ${decision.code}`;
}

describe('a training that a report asks for', () => {
  test.each<[string, readonly LedgerEvent[], string]>([
    ['nothing before it', [], 'train'],
    ['one that failed before the cool-down', retrained('a', 7, 'failed'), 'train'],
    ['one within the cool-down', retrained('a', 5, 'failed'), 'refuse: retrain-cooldown'],
    ['one that is open', retrained('a', 30), 'ignore: retrain-open'],
    ['one whose model is on its way', retrained('a', 2, 'finished'), 'ignore: delivery-open'],
    ['one whose model never came', retrained('a', 30, 'finished'), 'train'],
    [
      'as many as the budget has',
      [...retrained('a', 90, 'failed'), ...retrained('b', 60, 'failed'), ...retrained('c', 30, 'failed')],
      'refuse: retrain-budget-spent',
    ],
    [
      'as many, but long ago',
      [...retrained('a', 200, 'failed'), ...retrained('b', 60, 'failed'), ...retrained('c', 30, 'failed')],
      'train',
    ],
  ])('after %s', (_before, events, expected) => {
    expect(ask(events)).toBe(expected);
  });

  test('waits for the rollout of its environment, and of no other', () => {
    const events = [startedEvent('8', 'production')];
    expect(ask(events)).toBe('ignore: rollout-open');
    expect(ask(events, { environment: 'staging' })).toBe('train');
  });

  test('does not stand in its own way when it is run again', () => {
    const events = retrained('retrain-of-somebody', 1);
    expect(ask(events)).toBe('ignore: replayed');
    expect(ask(events, { attempt: 2 })).toBe('train');
  });

  test('finds the same budget whatever its sender calls it and wherever it is for', () => {
    const events = retrained('a', 5, 'failed');
    for (const id of ['retrain-1', 'retrain-2-x'])
      for (const environment of ['staging', 'production'])
        expect(ask(events, { id, environment })).toBe('refuse: retrain-cooldown');
  });
});
