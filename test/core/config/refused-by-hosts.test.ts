import { describe, expect, it } from 'vitest';
import { rolloutPlanSchema } from '../../../core/rollout/rollout-plan.ts';
import { ENV, MINIMAL, parse, problemsOf } from './read-text.ts';

describe('a configuration of which only some sections count', () => {
  const rest = 'environments: { production: { hosts: ["https://p:1"] } }\ncommands: { allow: [admin] }\n';
  const only = ['environments', 'commands'] as const;

  it.each([
    ['a gate with a typo', 'gate: [{ metric: accuracy, flor: 0.9 }]'],
    ['a gate that has no rule', 'gate: []'],
    ['no gate', ''],
    ['an unknown section', 'gaet: [{ metric: accuracy, floor: 0.9 }]'],
    ['a section that is wrong', 'monitor: { every: sometimes }'],
    [
      'a variable without a value',
      `search: { storage: "\${NOBODY_SET_IT}", metric: m, space: { lr: { log: [1, 2] } } }`,
    ],
    ['a secret written out', `search: { storage: "postgresql://me:secret@db/optuna", metric: m }`],
    ['sections that do not fit together', 'search: { metric: m, space: { unknown: { log: [1, 2] } } }'],
  ])('is read all the same with %s', (_what, section) => {
    const config = parse(`version: 1\nmodel: mnist\n${section}\n${rest}`, {}, { only, needs: ['commands'] });
    expect(config).toMatchObject({ model: 'mnist', gate: [], commands: { allow: ['admin'] } });
    expect(Object.keys(config.environments)).toEqual(['production']);
  });

  it('keeps the other sections that are right', () => {
    const text = `version: 1\nmodel: mnist\ntracking: { uri: "http://own:5000" }\nmonitor: { every: x }\n${rest}`;
    expect(parse(text, ENV, { only }).tracking.uri).toBe('http://own:5000');
  });

  it.each([
    ['environments: { production: { hosts: [serve-1] } }'],
    ['environments: { production: { hosts: ["https://p:1"] } }\ncommands: { allow: [anybody] }'],
    [`environments: { production: { hosts: ["\${HOST}"] } }`],
  ])('has the problems of those: %s', (section) => {
    const text = `version: 1\nmodel: mnist\ngate: nonsense\n${section}\n`;
    const problems = problemsOf(text, ENV, { only });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.where).toMatchObject({ line: section.includes('commands') ? 5 : 4 });
  });
});

describe('what a host would refuse', () => {
  const withRollout = (rollout: string) =>
    `${MINIMAL}environments: { production: { hosts: ["https://p:1"], rollout: { ${rollout} } } }\n`;
  const codesOf = (text: string) => problemsOf(text).map(({ code }) => code);

  it.each([
    ['lease: 0s', 'lease-too-short'],
    ['lease: 500ms', 'lease-too-short'],
    ['lease: 3s', 'lease-too-short'],
    ['deadline: 0s, stage-min: 0s', 'deadline-too-short'],
    ['max-error-rate: 0', 'max-error-rate-empty'],
    ['max-error-rate: 100%', 'max-error-rate-empty'],
  ])('is refused before anything is trained: %s', (rollout, code) => {
    expect(codesOf(withRollout(rollout))).toEqual([code]);
  });

  it.each(['stages: [0.001, 100]', 'stages: [0.015, 100]', 'stages: [0, 100]'])(
    'is a stage whose share can not be set: %s',
    (rollout) => {
      expect(codesOf(withRollout(rollout))).toHaveLength(1);
    },
  );

  it.each(['lease: 4s', 'stages: [0.01, 0.07, 12.5, 100]', 'deadline: 20m', 'max-error-rate: 1%'])(
    'is not: %s',
    (rollout) => {
      const { rollout: plan } = parse(withRollout(rollout)).environments['production'] ?? {};
      expect(rolloutPlanSchema.safeParse({ ...plan, alarmAlpha: plan?.alpha }).error).toBeUndefined();
    },
  );

  it('is a host in two environments, however its address is written', () => {
    const text = `${MINIMAL}environments:
  staging: { hosts: ["https://stage-1:9443", "https://serve-1"] }
  production: { hosts: ["https://serve-2:9443", "https://Serve-1:443/"] }
`;
    expect(problemsOf(text)).toMatchObject([
      { code: 'shared-host', where: { line: 7 }, message: expect.stringContaining('staging') },
    ]);
    expect(codesOf(`${MINIMAL}environments: { p: { hosts: ["http://a:1", "HTTP://A:1/"] } }\n`)).toEqual([
      'duplicate-host',
    ]);
  });
});
