import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { digestOf } from '../../../core/identity/digest.ts';
import {
  findLoss,
  headOf,
  type LedgerHead,
  ledgerHeadSchema,
} from '../../../core/ledger/head/ledger-head.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import { fold, startScribe } from './ledger-support.ts';

const write = startScribe();
const events = Array.from({ length: 6 }, (_, index) => write('frozen', { reason: String(index) }));

const DIGESTS = events.map((_event, index) => digestOf(String(index).padStart(64, '0')));

function read(count: number, commit = `c${count}`, replaces: readonly string[] = []): LedgerState {
  return { ...fold(events.slice(0, count)), origin: { commit, replaces, digests: DIGESTS.slice(0, count) } };
}

function isLost(state: LedgerState, head: LedgerHead): boolean {
  return findLoss(state, [{ by: 'x', head }]) !== undefined;
}

describe('a head of the ledger', () => {
  it('says how far it goes, and nothing of a ledger that is empty or was read from no branch', () => {
    expect(headOf(read(2))).toEqual({
      ...{ commit: 'c2', events: 2, last: events[1]?.id, digest: DIGESTS[1] },
    });
    expect(headOf(read(0))).toBeUndefined();
    expect(headOf(fold(events))).toBeUndefined();
  });

  it('is found again in each ledger that has grown from it, and in no shorter one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(6), (then, now) => {
        const head = headOf(read(then));
        expect(head && isLost(read(now), head)).toBe(now < then);
      }),
    );
  });

  it('is lost in a ledger as long that goes another way, until that says what it replaces', () => {
    const head = { commit: 'c3', events: 3, last: 'another' };
    expect(isLost(read(6), head)).toBe(true);
    expect(isLost(read(6, 'c6', ['c3']), head)).toBe(false);
  });

  it('is lost where the lines were rewritten and keep their ids, unless an older version remembers it', () => {
    const head = { commit: 'c3', events: 3, last: events[2]?.id ?? '' };
    expect(isLost(read(6), { ...head, digest: DIGESTS[3] ?? '' })).toBe(true);
    expect(isLost(read(6), { ...head, digest: DIGESTS[2] ?? '' })).toBe(false);
    expect(isLost(read(6), head)).toBe(false);
  });

  it('is understood by hosts of the version before, which keep what they know of it', () => {
    const older = z.object({
      commit: z.string().min(1),
      events: z.int().positive(),
      last: z.string().min(1),
    });
    const { digest: _digest, ...kept } = headOf(read(2)) ?? {};
    expect(older.parse(headOf(read(2)))).toEqual(kept);
    expect(ledgerHeadSchema.parse(kept)).toEqual(kept);
  });

  it('names who remembers most, the way back, and every commit that a new ledger would have to name', () => {
    const heads = [
      { by: 'https://a:1', head: { commit: 'c3', events: 3, last: 'x/3' } },
      { by: 'https://b:1', head: { commit: 'c5', events: 5, last: 'x/5' } },
    ];
    const loss = findLoss(read(0), heads);
    expect(loss?.code).toBe('ledger-lost');
    expect(loss?.message).toContain('https://b:1 remembers 5 events of mnist up to x/5');
    expect(loss?.remedy).toContain('git push origin +c5:refs/heads/trainyard');
    expect(loss?.remedy).toContain('"c3", "c5"');
    expect(findLoss(read(0, 'c0', ['c3', 'c5']), heads)).toBeUndefined();
    expect(findLoss(read(6), [])).toBeUndefined();
  });
});
