import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { readExamples } from '../../core/gate/examples.ts';
import { createGateBench } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

const DIGEST = digestOf('behaviour');
const RULE = { kind: 'examples', path: 'behaviour.csv' } as const;

/** A challenger right on nearly all rows, whose default branch asks for two examples, and which answers them so. */
async function createBench(answers: readonly string[], digest = DIGEST) {
  const bench = await createGateBench(970);
  const { ports, request } = bench;
  const asked: (readonly string[])[] = [];
  const file = { path: RULE.path, digest: DIGEST, rows: 2 };
  const read = readExamples(file, { id: ['usual', 'stolen card'], expect: ['a', 'b'] });
  return {
    ...bench,
    asked,
    request: { ...request, config: { ...request.config, gate: [...request.config.gate, RULE] } },
    ports: {
      ...ports,
      readExamples: async () => {
        if (!read.ok) throw new Error('unreadable');
        return read.value;
      },
      readAnswers: async (name: string, rows: number) => ({
        ...(await ports.readAnswers(name, rows)),
        examples: [{ digest, answers, scores: null }],
      }),
      python: {
        ...ports.python,
        evaluate: (wanted: Parameters<typeof ports.python.evaluate>[0]) => {
          asked.push(wanted.examples);
          return ports.python.evaluate(wanted);
        },
      },
    },
  };
}

describe('examples of the default branch', () => {
  test('are put to the challenger, and let it pass where all are answered so', async () => {
    const { request, ports, asked } = await createBench(['a', 'b']);
    const { outputs, report } = await evaluateGate('both', request, ports);
    expect(outputs).toMatchObject({ verdict: 'pass' });
    expect(asked.at(-1)).toEqual(['behaviour.csv']);
    expect(showReport(report)).toContain('behaviour.csv: all 2 examples are answered as they must be.');
  });

  test('block a model that fails one, however good it is on the holdout', async () => {
    const { request, ports } = await createBench(['a', 'a']);
    const { outputs, headline } = await evaluateGate('both', request, ports);
    expect(outputs).toMatchObject({ verdict: 'fail' });
    expect(headline).toContain('1 of 2 examples are answered otherwise than they must be: stolen card.');
  });

  test('as another file holds them settle nothing', async () => {
    const { request, ports } = await createBench(['a', 'b'], digestOf('other'));
    const { outputs } = await evaluateGate('both', request, ports);
    expect(outputs).toMatchObject({ verdict: 'inconclusive' });
  });

  test('that can not be read end the job before anything is predicted', async () => {
    const { request, ports, evaluated } = await createBench(['a', 'b']);
    const broken = { ...ports, readExamples: () => Promise.reject(new Error('no such file')) };
    await expect(evaluateGate('predict', request, broken)).rejects.toThrow('no such file');
    expect(evaluated).toEqual([]);
  });
});
