import { describe, expect, it } from 'vitest';
import {
  findStaleness,
  raiseOrder,
  type SignedOrder,
  type VersionStop,
} from '../../../core/ledger/head/signed-order.ts';
import { minute } from './ledger-support.ts';

const order = (minutes: number, events?: number, replaces: readonly string[] = []): SignedOrder => ({
  signedAt: minute(minutes),
  ...(events !== undefined && { ledger: { events, replaces } }),
});
const staleness = (now: SignedOrder, highest: SignedOrder | undefined, stopped?: VersionStop) =>
  findStaleness(now, { highest, stopped });
const stop = (minutes: number, events?: number, replaces: readonly string[] = []): VersionStop => ({
  at: minute(minutes),
  ...(events !== undefined && { ledger: { events, replaces } }),
});

describe('a signed order', () => {
  it('is of today where nothing is known, and where it is the highest itself', () => {
    expect(staleness(order(1, 10), undefined)).toBeUndefined();
    expect(staleness(order(1, 10), order(1, 10))).toBeUndefined();
  });

  it('is older by the ledger, whatever the clocks of the runners said', () => {
    expect(staleness(order(1, 11), order(5, 10))).toBeUndefined();
    expect(staleness(order(9, 10), order(5, 11))).toBe('replayed');
  });

  it('is older by its instant on one state of the ledger, on another ledger and where none was believed', () => {
    expect(staleness(order(1, 10), order(2, 10))).toBe('replayed');
    expect(staleness(order(3, 2, ['lost']), order(2, 10))).toBeUndefined();
    expect(staleness(order(1, 20), order(2, 2, ['lost']))).toBe('replayed');
    expect(staleness(order(3), order(2, 10))).toBeUndefined();
    expect(staleness(order(1), order(2, 10))).toBe('replayed');
    expect(staleness(order(1, 99), order(2))).toBe('replayed');
  });

  it('of one ledger is so in whatever order the lost ones are named', () => {
    expect(staleness(order(1, 11, ['a', 'b']), order(5, 10, ['b', 'a']))).toBeUndefined();
  });

  it('is spent once its version was stopped', () => {
    expect(staleness(order(1, 11), order(1, 10), stop(1))).toBe('spent');
    expect(staleness(order(2, 11), order(1, 10), stop(1))).toBeUndefined();
  });

  it('is spent by the ledger that the host knew as it stopped the version, whatever the clocks said', () => {
    expect(staleness(order(1, 12), order(1, 10), stop(5, 11))).toBeUndefined();
    expect(staleness(order(9, 11), order(1, 10), stop(5, 12))).toBe('spent');
  });

  it('is spent by its instant on that very state of the ledger, on another ledger and where either knows of none', () => {
    expect(staleness(order(1, 11), order(1, 10), stop(5, 11))).toBe('spent');
    expect(staleness(order(6, 11), order(1, 10), stop(5, 11))).toBeUndefined();
    expect(staleness(order(1, 99), undefined, stop(5, 3, ['lost']))).toBe('spent');
    expect(staleness(order(6, 3, ['lost']), undefined, stop(5, 99))).toBeUndefined();
    expect(staleness(order(1), undefined, stop(5, 11))).toBe('spent');
  });

  it('raises what is known, and never lowers it or sets its clock back', () => {
    expect(raiseOrder(undefined, order(1, 10))).toEqual(order(1, 10));
    expect(raiseOrder(order(1, 10), order(2, 9))).toEqual(order(1, 10));
    expect(raiseOrder(order(5, 10), order(1, 11))).toEqual(order(5, 11));
  });
});
