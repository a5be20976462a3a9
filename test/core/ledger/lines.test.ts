import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import { eventId } from '../../../core/ledger/event-id.ts';
import { acquireLock, findConflictingLock, releaseLock } from '../../../core/ledger/locks.ts';
import { formatLine, ledgerPath, parseLedger } from '../../../core/ledger/parse-ledger.ts';
import { environmentOf } from '../../../core/ledger/state.ts';
import { contextOf, fold, packageOf, promotionOf, startOf, startScribe } from './ledger-support.ts';

describe('the lines of a ledger', () => {
  const write = startScribe();
  const event = write('frozen', { reason: 'ünïcode\u2028"quotes"\n' });

  it('read back as they were written, one line each', () => {
    expect(formatLine(event).trimEnd()).not.toContain('\n');
    expect(parseLedger([{ path: 'a.jsonl', text: formatLine(event) + formatLine(event) }])).toEqual({
      ok: true,
      value: [event, event],
    });
  });

  it.each([{}, { classes: ['no', 'yes'], positive: 'yes' }, { task: 'open' as const }])(
    'read back as they were written where nothing states what answers are but %j',
    (contract) => {
      const fixed = write('answers.fixed', { sha: 'a'.repeat(40), contract, declared: [], seen: 1 });
      const read = parseLedger([{ path: 'a.jsonl', text: formatLine(fixed) }]);
      expect(read).toEqual({ ok: true, value: [fixed] });
    },
  );

  it.each([
    ['{', 'JSON'],
    ['{"v":1}', 'kind'],
    ['<<<<<<< HEAD', 'JSON'],
    [JSON.stringify({ ...event, v: 2 }), 'v:'],
    [JSON.stringify({ ...event, data: { why: 'x' } }), 'data.reason:'],
    [JSON.stringify({ ...event, kind: 'thawed', cause: undefined }), 'cause:'],
    [JSON.stringify({ ...event, at: 'yesterday' }), 'at:'],
    [JSON.stringify({ ...event, cause: { ...event.cause, kind: 7 } }), 'cause.kind:'],
  ])('name the file and the line of %s', (line, why) => {
    const read = parseLedger([
      { path: 'a.jsonl', text: formatLine(event) },
      { path: 'b.jsonl', text: `${formatLine(event)}\n${line}\n` },
    ]);
    expect(read).toMatchObject({ ok: false, error: [{ where: { file: 'b.jsonl', line: 3 } }] });
    expect(read.ok ? '' : read.error[0]?.message).toContain(why);
  });

  it('are read with choices that a newer version has added, which move nothing that goes by the others', () => {
    const started = write('rollout.started', startOf('8'));
    const until = '2030-01-01T00:00:00Z';
    const line = (kind: string, data: object) => ({ ...event, id: `newer/${kind}`, kind, data });
    const newer = [
      { ...started, cause: { kind: 'chat', id: 'chat-1' } },
      line('gate.judged', {
        ...{ runId: 'r', verdict: 'waived', headline: 'So.' },
        ...{ holdoutDigest: `sha256:${'0'.repeat(64)}`, evidenceDigest: `sha256:${'0'.repeat(64)}` },
      }),
      line('lock.acquired', { lock: 'pause', environment: 'production', holder: 'x', expiresAt: until }),
      line('monitor.judged', { action: 'scale', environment: 'production', codes: [], explanation: 'x' }),
      line('training.finished', { runId: 'r', status: 'parked' }),
      { ...write('rollout.promoted', promotionOf('8')), data: { ...promotionOf('8'), code: 'vote' } },
    ];
    const text = newer.map((one) => `${JSON.stringify(one)}\n`).join('');
    const read = parseLedger([{ path: 'a.jsonl', text }]);
    expect(read).toEqual({ ok: true, value: newer });
    const state = fold(read.ok ? read.value : []);
    expect(environmentOf(state, 'production').champion?.version).toBe('8');
    const lock = { lock: 'deploy', environment: 'production', holder: 'y' } as const;
    expect(findConflictingLock(state, lock, started.at)).toBeUndefined();
    expect(state.gates['r']?.verdict).not.toBe('pass');
  });

  it('are read as a newer version wrote them: more fields are kept, another kind counts and moves nothing', () => {
    const started = write('rollout.started', startOf('8'));
    const signatures = [{ keyid: 'k', sig: 'AAAA', scheme: 'ed25519' }];
    const envelope = { payloadType: 'application/vnd.in-toto+json', payload: 'AAAA', signatures };
    const newer = {
      ...started,
      cause: { ...started.cause, channel: 'chat' },
      region: 'eu',
      data: { ...startOf('8'), envelope, blast: 3 },
    };
    const { id, at, model, cause } = event;
    const paused = { v: 1, id: `${id}/p`, at, model, cause, kind: 'rollout.paused', data: { until: at } };
    const text = [newer, paused, event].map((line) => `${JSON.stringify(line)}\n`).join('');
    const read = parseLedger([{ path: 'a.jsonl', text }]);
    expect(read).toMatchObject({ ok: true, value: [newer, { kind: 'unknown', id: paused.id }, event] });
    const state = fold(read.ok ? read.value : []);
    expect(state).toMatchObject({ events: 3, unknown: { 'rollout.paused': 1 } });
    expect(state.ids).toContain(paused.id);
    expect(environmentOf(state, 'production').rollout?.version).toBe('8');
    expect(state.frozen).toBeDefined();
  });

  it('are read with names that were allowed once, and never written so', () => {
    const model = 'm'.repeat(70);
    const old = { ...write('rollout.started', startOf('8')), model };
    const named = { ...old, data: { ...startOf('8'), package: packageOf('8').replace('mnist', model) } };
    expect(parseLedger([{ path: 'a.jsonl', text: JSON.stringify(named) }])).toMatchObject({ ok: true });
    expect(() => createEvent({ ...contextOf('a'), model }, 'frozen', { reason: '' })).toThrow('model');
    const more = { reason: '', surprise: true };
    expect(() => createEvent(contextOf('a'), 'frozen', more)).toThrow('surprise');
  });

  it('go into the file of their month, but never into one before the newest', () => {
    expect(ledgerPath({ model: 'mnist', at: '2026-11-30T23:59:59Z' })).toBe('events/mnist/2026-11.jsonl');
    expect(ledgerPath({ model: 'mnist', at: '2026-11-30T23:59:59Z' }, 'events/mnist/2026-12.jsonl')).toBe(
      'events/mnist/2026-12.jsonl',
    );
    expect(ledgerPath({ model: 'mnist', at: '2027-01-01T00:00:00Z' }, 'events/mnist/2026-12.jsonl')).toBe(
      'events/mnist/2027-01.jsonl',
    );
  });
});

describe('an event id', () => {
  it('is the same for the same cause and step, and never longer than the ledger takes', () => {
    const part = fc.string({ maxLength: 150 });
    fc.assert(
      fc.property(part, part, part, (id, kind, more) => {
        expect(eventId({ id }, kind, more)).toBe(eventId({ id }, kind, more));
        expect(eventId({ id }, kind, more).length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it('tells long steps apart that begin alike', () => {
    const long = 'x'.repeat(300);
    expect(eventId({ id: long }, 'a', 1)).not.toBe(eventId({ id: long }, 'a', 2));
  });
});

describe('a lock', () => {
  const at = '2026-11-01T00:00:00Z';
  const request = {
    lock: 'deploy',
    environment: 'production',
    holder: 'r8',
    expiresAt: '2026-11-01T01:00:00Z',
  } as const;
  const taken = acquireLock(fold([]), contextOf('a', at), request);
  const held = fold(taken.ok ? taken.value : []);

  it('is taken once, and made to last longer by its holder', () => {
    expect(taken.ok && taken.value).toHaveLength(1);
    expect(acquireLock(held, contextOf('a', at), request)).toEqual({ ok: true, value: [] });
    const longer = acquireLock(held, contextOf('a', at), { ...request, expiresAt: '2026-11-01T02:00:00Z' });
    expect(longer.ok && longer.value).toHaveLength(1);
  });

  it('names its holder to others, until it has expired', () => {
    const other = { ...request, holder: 'r9' };
    expect(acquireLock(held, contextOf('b', at), other)).toMatchObject({
      ok: false,
      error: { code: 'locked', message: expect.stringContaining('r8') },
    });
    expect(acquireLock(held, contextOf('b', '2026-11-01T01:00:00Z'), other).ok).toBe(true);
  });

  it('is given back by its holder only, once', () => {
    expect(releaseLock(held, contextOf('b', at), { ...request, holder: 'r9' })).toEqual([]);
    const released = releaseLock(held, contextOf('a', at), request);
    const state = fold([...(taken.ok ? taken.value : []), ...released]);
    expect(state.locks).toEqual({});
    expect(releaseLock(state, contextOf('a', at), request)).toEqual([]);
  });
});
