import { describe, expect, it } from 'vitest';
import {
  addHarm,
  addLateHarm,
  borneBeside,
  countRefused,
  provenHarm,
  startHarm,
} from '../../../measure/world/invariants/harm-sum.ts';
import { HEALTHY } from '../../../measure/world/schedule/setup.ts';

/** Proven after so many seconds in which a candidate fails that share of ten requests a second, where the other is borne. */
function proven(seconds: number, share: number, borne: number) {
  let sum = startHarm('a stage');
  for (let second = 0; second < seconds; second += 1) {
    const served = { from: second * 1_000, to: (second + 1) * 1_000, requests: 10, failed: 10 * share };
    sum = addHarm(sum, served, borne);
  }
  return provenHarm(sum);
}

describe('the harm that an agent had the time to see', () => {
  it('is what the candidate had failed four ticks ago', () => {
    expect(proven(20, 1, 0.5)).toEqual({ failed: 0, nats: 0 });
    expect(proven(30, 1, 0.5)).toEqual({ failed: 50, nats: 100 * Math.log(2) });
  });

  it('is none where it fails no more than is borne, and hard to tell where it hardly does', () => {
    expect(proven(1_000, 0.2, 0.2)).toEqual({ failed: 0, nats: 0 });
    expect(proven(1_000, 0.52, 0.5).failed).toBeCloseTo(196, 6);
    expect(proven(1_000, 0.52, 0.5).nats).toBeLessThan(8);
  });

  it('is borne up to what the stable version fails, and up to the limit of the bake where that gets nothing', () => {
    const broken = { ...HEALTHY, failing: 0, invalid: 0.2 };
    expect(borneBeside(broken, false)).toBe(0.2);
    expect(borneBeside(broken, true)).toBe(0.5);
    expect(borneBeside(HEALTHY, true)).toBe(0.05);
  });

  it('is what it refuses only where there is something to compare with', () => {
    const refusing = { ...HEALTHY, failing: 0, refusing: 0.3 };
    expect(borneBeside(refusing, false)).toBe(0.3);
    expect(borneBeside(refusing, true)).toBe(0.05);
  });

  it('is proven by refusals alone after two minutes, at any rate', () => {
    const natsAfter = (seconds: number) => {
      let sum = startHarm('a stage');
      for (let second = 0; second < seconds; second += 1) {
        const stretch = { from: second * 1_000, to: (second + 1) * 1_000, requests: 40, refused: 40 };
        sum = addHarm(sum, countRefused(stretch), 0.5);
      }
      return provenHarm(sum).nats;
    };
    expect(natsAfter(120)).toBeCloseTo(50 * Math.log(2), 9);
    expect(natsAfter(140)).toBeGreaterThan(40);
  });

  it('is proven by late failures in the same time, however long and well it answered before', () => {
    const natsAfter = (good: number, bad: number, borne: number) => {
      let sum = startHarm('a stage');
      for (let second = 0; second < good + bad; second += 1) {
        const stretch = { from: second * 1_000, to: (second + 1) * 1_000, requests: 40 };
        sum = addLateHarm(sum, { ...stretch, broken: second < good ? 0 : 40 }, borne);
      }
      return provenHarm(sum).nats;
    };
    for (const borne of [0.05, 0.5]) {
      expect(natsAfter(0, 95, borne)).toBeCloseTo(75 * Math.log(2), 9);
      expect(natsAfter(10_000, 95, borne)).toBeCloseTo(75 * Math.log(2), 9);
      expect(natsAfter(100, 20, borne)).toBe(0);
    }
  });

  it('counts refused requests as an agent does: one in two seconds', () => {
    const stretch = { from: 0, to: 10_000, requests: 100, refused: 80 };
    expect(countRefused(stretch)).toMatchObject({ requests: 5, failed: 4 });
    expect(countRefused({ ...stretch, requests: 3, refused: 2 })).toMatchObject({ requests: 3, failed: 2 });
  });
});
