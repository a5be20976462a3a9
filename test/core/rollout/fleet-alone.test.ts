import { describe, expect, it } from 'vitest';
import { addObservation, type Evidence } from '../../../core/rollout/evidence/evidence.ts';
import type { ArmCounts, Observation } from '../../../core/rollout/evidence/observation.ts';
import { arm, evidenceOf, instant, PLAN, poll } from './observations.ts';

const SECONDS = 10;
const REQUESTS = 500;
const HOUR = 360;
const FLEETS = [1, 5, 20] as const;

type Bad = Pick<ArmCounts, 'errors'> | Pick<ArmCounts, 'refused'>;

/** What every host of a fleet tells of the same ten seconds of the bake. */
function round(hosts: number, index: number, bad: Bad): readonly Observation[] {
  return Array.from({ length: hosts }, (_, host) =>
    poll(index + 1, {
      ...{ host: `serve-${host + 1}`, at: instant(60 + SECONDS * index), stage: 3, seconds: SECONDS },
      ...{ weights: { candidate: 100 }, stable: arm(0), candidate: arm(REQUESTS, bad) },
    }),
  );
}

/** A fleet after an hour of good answers. */
function afterAnHour(hosts: number): Evidence {
  const beside = Array.from({ length: hosts }, (_, host) =>
    poll(1, {
      ...{ host: `serve-${host + 1}`, at: instant(0), stage: 2, weights: { candidate: 50 } },
      ...{ candidate: arm(1_000, { errors: 1 }), stable: arm(1_000, { errors: 1 }) },
    }),
  );
  const good = Array.from({ length: HOUR }, (_, index) => round(hosts, index + 1, { errors: 1 }));
  return evidenceOf([...beside, ...good.flat()]);
}

function isProven({ peak }: Evidence): boolean {
  return peak.total >= -Math.log(PLAN.alpha);
}

/** After how many seconds of this the fleet's candidate is found; `undefined` where it is not within five minutes. */
function secondsUntilFound(hosts: number, bad: Bad): number | undefined {
  let evidence = afterAnHour(hosts);
  for (let index = 1; index <= 30; index += 1) {
    evidence = round(hosts, HOUR + index, bad).reduce(addObservation, evidence);
    if (isProven(evidence)) return SECONDS * index;
  }
  return undefined;
}

describe.each(FLEETS)('a candidate with all traffic of %d hosts', (hosts) => {
  it.each([{ errors: REQUESTS }, { refused: REQUESTS }])(
    'is not taken back for ten seconds in which all of them fail, %o',
    (bad) => {
      const blip = [...round(hosts, HOUR + 1, bad), ...round(hosts, HOUR + 2, { errors: 0 })];
      expect(isProven(blip.reduce(addObservation, afterAnHour(hosts)))).toBe(false);
    },
  );

  it('is found within a minute of failing everything', () => {
    expect(secondsUntilFound(hosts, { errors: REQUESTS })).toBeLessThanOrEqual(60);
  });

  it('is found within two minutes of refusing everything', () => {
    expect(secondsUntilFound(hosts, { refused: REQUESTS })).toBeLessThanOrEqual(120);
  });
});
