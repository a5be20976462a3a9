import { describe, expect, it } from 'vitest';
import { planStay } from '../../../core/deploy/attendance.ts';

const startedAt = '2026-11-21T00:00:00.000Z';
const HOUR = 3_600;
const settings = (stageMinSeconds: number, shadowSeconds = 0) => ({
  rollout: { stages: [10, 100], stageMinSeconds },
  shadowSeconds,
});
const rollout = settings(300);

describe('a deploy job', () => {
  it.each([
    ['hosted', 300, { detach: false, listens: false, leaveAt: '2026-11-21T05:30:00.000Z' }],
    ['own', 300, { detach: false, listens: true, leaveAt: '2026-11-21T23:30:00.000Z' }],
    ['own', 12 * HOUR, { detach: false, listens: true, leaveAt: '2026-11-21T23:30:00.000Z' }],
    ['own', 24 * HOUR, { detach: true, listens: false }],
    ['hosted', 6 * HOUR, { detach: true, listens: false }],
  ] as const)(
    'on a runner that is %s leaves stages of %d s while it can',
    (runner, stageMinSeconds, stay) => {
      const { warning: _warning, ...planned } = planStay({
        ...{ detach: 'auto', runner, startedAt },
        settings: settings(stageMinSeconds),
      });
      expect(planned).toEqual(stay);
    },
  );

  it('does what it is told', () => {
    const stay = { runner: 'own', startedAt } as const;
    expect(planStay({ ...stay, settings: settings(2 * 24 * HOUR), detach: 'false' })).toMatchObject({
      ...{ detach: false, listens: false },
    });
    expect(planStay({ ...stay, settings: settings(0), detach: 'true' })).toEqual({
      detach: true,
      listens: false,
    });
  });

  it.each([
    ['false', 'own', rollout, /keeps its runner for 10 min at least, and \/rollback waits until another one/],
    ['auto', 'own', rollout, undefined],
    ['false', 'own', rollout, /Start two or more of them/],
    ['true', 'own', rollout, undefined],
    ['auto', 'hosted', rollout, undefined],
    ['false', 'own', settings(40), undefined],
    ['false', 'own', settings(40, 40), /2 min/],
  ] as const)(
    'that stays (%s) on a runner that is %s says what it keeps a rollback from',
    (detach, runner, of, said) => {
      const { warning } = planStay({ detach, runner, startedAt, settings: of });
      if (said === undefined) expect(warning).toBeUndefined();
      else expect(warning).toMatch(said);
    },
  );
});
