import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { fetchSide } from '../../actions/evaluate-gate/fetch-side.ts';
import type { AnswersContract, AnswersReading } from '../../core/answers/contract.ts';
import type { Answers } from '../../core/gate/answers.ts';
import { answersOf, CHAMPION, createGateBench, type GateBench, HELD } from './support/gate-bench.ts';
import { digestOf } from './support/memory-agent.ts';
import { showReport } from './support/show-report.ts';

/** The bench with what the default branch states, and a challenger whose answers are read so. */
function state(bench: GateBench, answers: AnswersContract, read: Partial<Answers> = {}): GateBench {
  const { request, ports } = bench;
  const readAnswers: typeof ports.readAnswers = async (file, rows) => {
    const stored = await ports.readAnswers(file, rows);
    return file.includes('challenger') ? { ...stored, answers: { ...stored.answers, ...read } } : stored;
  };
  return {
    ...bench,
    request: { ...request, config: { ...request.config, answers } },
    ports: { ...ports, readAnswers },
  };
}

/** The ports of a bench, and by what answers are read that its models are asked for. */
function listen({ ports }: GateBench) {
  const asked: AnswersReading[] = [];
  const python: typeof ports.python = {
    ...ports.python,
    evaluate: async (wanted) => {
      asked.push(wanted.answers);
      return ports.python.evaluate(wanted);
    },
  };
  return { asked, ports: { ...ports, python } };
}

const judge = ({ request, ports }: GateBench) => evaluateGate('both', request, ports);
const codesOf = (result: object) =>
  JSON.stringify(result).match(/(?<="code":")[a-z-]+(?=","message":"[^"]*","remedy")/g) ?? [];
const TASK = { task: 'binary', classes: ['a', 'b'] } as const;

describe('what a model answers', () => {
  test('is handed to those that predict: what is stated, and for the rest what the ledger has fixed', async () => {
    const bench = state(await createGateBench(970), { positive: 'b' });
    const { request } = bench;
    const { asked, ports } = listen(bench);
    const plan = { ...request.plan, answers: { ...TASK } };
    await evaluateGate('predict', { ...request, plan }, ports);
    expect(asked).toEqual([{ contract: { ...TASK, positive: 'b' }, isSettled: false }]);
  });

  test('is read of a champion in the form that it was judged in, whatever form is stated since', async () => {
    const judged = { ...TASK, scores: 'probabilities' } as const;
    const now = { positive: 'b', scores: 'logits', prediction: 'label' } as const;
    const bench = state(await createGateBench(970, true), now, { contract: { ...TASK, ...now } });
    const { request } = bench;
    const { asked, ports } = listen(bench);
    const { champion } = request.plan;
    if (champion === undefined) throw new Error('no champion');
    const predict = async (answers?: AnswersContract) => {
      const plan = { ...request.plan, champion: { ...champion, ...(answers && { answers }) } };
      return evaluateGate('predict-champion', { ...request, plan }, ports);
    };
    await predict(judged);
    await predict();
    expect(asked).toEqual([
      { contract: { positive: 'b', scores: 'probabilities' }, isSettled: false },
      { contract: { positive: 'b' }, isSettled: false },
    ]);
  });

  test('was settled by the judgement that a champion has passed, unless something else is stated since', async () => {
    const readBy = async (now: AnswersContract, answers?: AnswersContract) => {
      const { request, ...bench } = state(await createGateBench(970, true), now);
      const { asked, ports } = listen({ ...bench, request });
      const { champion } = request.plan;
      if (champion === undefined) throw new Error('no champion');
      const plan = { ...request.plan, champion: { ...champion, ...(answers && { answers }) } };
      await evaluateGate('predict-champion', { ...request, plan }, ports);
      return asked.map(({ isSettled }) => isSettled);
    };
    expect(await readBy(TASK, { ...TASK, scores: 'probabilities' })).toEqual([true]);
    expect(await readBy({ ...TASK, classes: ['b', 'a'] }, TASK)).toEqual([false]);
    expect(await readBy({ ...TASK, positive: 'a' }, TASK)).toEqual([false]);
    expect(await readBy(TASK)).toEqual([false]);
  });

  test('goes with the predictions that judge fetches: those of a model that has passed by it may be as wrong as misread ones', async () => {
    const { request, ports } = await createGateBench(970, true);
    await evaluateGate('predict-champion', request, ports);
    const fetched = async (judged: AnswersContract | undefined) => {
      const wanted = { ...CHAMPION, who: 'champion' as const, digest: digestOf('champion') };
      const { predictions } = await fetchSide(ports, HELD, { ...wanted, expected: TASK, judged });
      return predictions.isSettled;
    };
    expect(await fetched(TASK)).toBe(true);
    expect(await fetched(undefined)).toBe(false);
    expect(await fetched({ ...TASK, classes: ['b', 'a'] })).toBe(false);
  });

  test('stands in the ledger with each judgement that a model has passed', async () => {
    const bench = await createGateBench(970);
    await judge(bench);
    const { gates } = await bench.world.ledger.read('mnist');
    expect(gates['run-9']?.answers).toEqual(TASK);
  });

  test('is fixed by the first model that passes, with what was concluded, and told in its report', async () => {
    const bench = await createGateBench(970);
    const { report } = await judge(bench);
    const fixed = bench.world.ledger.events.find(({ kind }) => kind === 'answers.fixed');
    expect(fixed?.data).toMatchObject({ contract: TASK, declared: [] });
    expect(showReport(report)).toContain('To state it: `answers: { task: binary, classes: [a, b] }`');
    await judge(bench);
    expect(bench.world.ledger.kinds().filter((kind) => kind === 'answers.fixed')).toHaveLength(1);
  });

  test('is never another than the default branch states, whatever the job says that has read it', async () => {
    const bench = state(await createGateBench(970), { positive: 'a' });
    await expect(judge(bench)).rejects.toThrow(/were read by another positive than the default branch/);
    const told = state(
      await createGateBench(970),
      { positive: 'a' },
      { contract: { ...TASK, positive: 'a' } },
    );
    await expect(judge(told)).rejects.toThrow(/were read by another labels, classes/);
    const right = state(
      await createGateBench(970),
      { positive: 'a' },
      { ...flipped(), contract: { ...TASK, positive: 'a' } },
    );
    expect((await judge(right)).outputs).toEqual({ verdict: 'pass' });
  });

  test('is changed by no later model, and passes again once the default branch states it', async () => {
    const bench = await createGateBench(970);
    await judge(bench);
    const now = { contract: { ...TASK, scores: 'logits' } } as const;
    const changed = await judge(state(bench, {}, now));
    expect(changed.outputs).toEqual({ verdict: 'inconclusive' });
    expect(codesOf(changed.result)).toContain('answers-changed');
    const stated = state(bench, { scores: 'logits' }, now);
    const later = { ...stated.request, plan: { ...stated.request.plan, policySha: 'e'.repeat(40) } };
    const ports = { ...stated.ports, commit: async () => 'e'.repeat(40) };
    expect((await judge({ ...stated, request: later, ports })).outputs).toEqual({ verdict: 'pass' });
    expect(bench.world.ledger.kinds().filter((kind) => kind === 'answers.fixed')).toHaveLength(2);
  });

  test('settles nothing on a positive class that nobody has named', async () => {
    const bench = await createGateBench(970);
    const gate = [{ kind: 'floor', metric: 'recall', floor: 0.9 }] as const;
    const request = { ...bench.request, config: { ...bench.request.config, gate } };
    const unsaid = await judge({ ...bench, request });
    expect(unsaid.outputs).toEqual({ verdict: 'inconclusive' });
    expect(codesOf(unsaid.result)).toEqual(['positive-unstated']);
  });

  test('may be wrong by a class that the holdout has no label of: equal models stay comparable', async () => {
    const rare = answersOf(950).answers.predictions.map((index, row) => (row === 999 ? -1 : index));
    const open = { isClosed: false, contract: { task: 'binary' }, predictions: rare } as const;
    const outcome = await judge(state(await createGateBench(970), {}, open));
    expect(outcome.outputs).toEqual({ verdict: 'pass' });
    expect(showReport(outcome.report)).toContain("1 of 1000 answers are none of the holdout's labels");
  });
});

/** The same answers with the classes in the other order. */
function flipped(): Partial<Answers> {
  const { predictions } = answersOf(970).answers;
  return { classes: ['b', 'a'], predictions: predictions.map((index) => 1 - index) };
}
