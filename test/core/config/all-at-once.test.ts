import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../core/config/parse-config.ts';
import { MINIMAL, placesOf } from './read-text.ts';

describe('problems of a configuration', () => {
  it('come all at once also where they lie between keys and between sections, beside slips in the same ones', () => {
    const text = `version: 1
model: mnist
data: { inputs: 3 }
answers: { task: ranking, labls: 1 }
project: { timeout: often, parameters: { lr: 0.1 } }
search: { metric: loss, trials: many, space: { rate: { log: [0.1, 1] } } }
gate:
  - { metric: accuracy, flor: 0.90 }
  - { metric: f1 }
environments:
  staging: { hosts: ["https://serve-1:9443"], rollout: { stages: [50, 10], deadlin: 1h, alpha: high } }
  production: { hosts: ["https://serve-1:9443"], rollout: { lease: 1s, stages: all, deadline: 0s } }
monitor: { drift: { warn: 0.5, act: 0.25, cyle: 1d } }
`;
    expect(placesOf(text, { MLFLOW_TRACKING_URI: '' })).toEqual([
      '1:1 missing-tracking',
      '3:17 wrong-type',
      '4:27 unknown-key',
      '5:21 invalid-value',
      '6:33 wrong-type',
      '6:54 unknown-parameter',
      '8:25 unknown-key',
      '9:5 missing-holdout',
      '11:66 stages-order',
      '11:76 unknown-key',
      '11:96 wrong-type',
      '12:25 shared-host',
      '12:68 lease-too-short',
      '12:80 wrong-type',
      '12:95 deadline-too-short',
      '13:19 drift-order',
      '13:43 unknown-key',
    ]);
  });

  it('between keys are not made up where one of them is wrong, or may be meant by a slip', () => {
    const codes = (rollout: string) =>
      placesOf(
        `${MINIMAL}environments: { production: { hosts: ["https://serve-1:9443"], rollout: ${rollout} } }\n`,
      ).map((place) => place.split(' ')[1]);
    expect(codes('{ deadline: 5m, stages: [50, 100], alpha: high }')).toEqual([
      'deadline-too-short',
      'wrong-type',
    ]);
    expect(codes('{ deadline: 5m, stages: [50, 100], stage-min: soon }')).toEqual(['invalid-value']);
    expect(codes('{ deadline: 5m, stages: [50, 100], stagemin: 1m }')).toEqual(['unknown-key']);
    expect(codes('7')).toEqual(['wrong-type']);
  });

  it('are told where a variable without a value hides them, and nothing else is wrong', () => {
    const text = `${MINIMAL}search: { metric: loss, trials: "\${TRIALS}", space: { rate: { log: [0.1, 1] } } }\nproject: { parameters: { rate: 1 } }\n`;
    const env = { MLFLOW_TRACKING_URI: 'http://mlflow' };
    const read = parseConfig(text, { file: 'trainyard.yml', env, needs: ['tracking'] });
    expect(read.ok ? [] : read.error.map(({ code }) => code)).toEqual(['missing-variable']);
  });

  it('are told of a command that is an alias: its variables would be filled in', () => {
    const text = `${MINIMAL.replace('model: mnist', 'model: mnist\n')}serving: { command: &c "a \${X}" }\ndata: { fetch: *c }\n`;
    expect(placesOf(text, { X: 'a; rm', MLFLOW_TRACKING_URI: 'http://mlflow' }).join()).toContain(
      'alias-not-taken',
    );
  });
});
