import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../core/config/parse-config.ts';

describe('any file at all', () => {
  const lines = `version: 1
model: mnist
gate: [{ metric: accuracy, floor: 0.9, slices: digit }]
data: { holdout: { path: h.npz } }
environments:
  production:
    hosts: ["https://a:1"]
    rollout: { stages: [1, 100] }
search: { metric: acc, space: { lr: { log: [1, 2] } } }
project: { parameters: { lr: 1 } }
`.split('\n');
  const odd = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '- x',
      '  deep:',
      'null',
      '? a',
      '*x',
      '&y 1',
      '{}',
      '[]',
      '!!binary x',
      '---',
      `\${A}`,
      '<<: {a: 1}',
      'gate: null',
    ),
  );

  it('is read or refused with problems that have a place, a message and a remedy', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(lines.length), odd), { maxLength: 4 }), (changes) => {
        const changed = [...lines];
        for (const [index, text] of changes) changed[index] = text;
        const parsed = parseConfig(changed.join('\n'), {
          file: 'trainyard.yml',
          env: { MLFLOW_TRACKING_URI: 'http://mlflow' },
        });
        const problems = parsed.ok ? [] : parsed.error;
        for (const { message, remedy, where } of problems) {
          expect(message).toMatch(/\.$|[?!]$/);
          expect(remedy).not.toBe('');
          expect(where).toMatchObject({ file: 'trainyard.yml', line: expect.any(Number) });
        }
      }),
      { numRuns: 400 },
    );
  });
});
