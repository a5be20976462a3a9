import { describe, expect, it } from 'vitest';
import type { Answers } from '../../../core/gate/answers.ts';
import type { HeldOut } from '../../../core/gate/held-out.ts';
import { joinAnswers } from '../../../core/gate/join-answers.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const held: HeldOut = {
  digest: DIGEST,
  ids: ['x', 'y', 'z'],
  truth: { names: ['cat', 'dog', 'cat'], numbers: Float64Array.of(Number.NaN, Number.NaN, Number.NaN) },
  groups: ['u', 'u', 'v'],
  slices: { region: ['north', 'south', 'north'] },
};
const answers: Answers = {
  task: 'binary',
  classes: ['cat', 'dog'],
  isClosed: true,
  contract: { classes: ['cat', 'dog'] },
  inferred: [],
  ids: ['z', 'x', 'y'],
  predictions: Float64Array.of(1, 0, 1),
  scores: [Float64Array.of(0.1, 0.8, 0.3), Float64Array.of(0.9, 0.2, 0.7)],
  rowMetrics: { profit: Float64Array.of(3, 1, 2) },
  holdoutDigest: DIGEST,
};

const join = (changed: Partial<Answers>, other: Partial<HeldOut> = {}) =>
  joinAnswers({ ...answers, ...changed }, { ...held, ...other }, 'challenger');
const labelsOf = (changed: Partial<Answers>, other: Partial<HeldOut>) => {
  const joined = join(changed, other);
  return joined.ok ? [...joined.value.labels] : joined.error.map(({ code }) => code);
};

describe('a model’s answers beside what is true', () => {
  it('are in the order of the holdout, whatever order they came in, with its labels, groups and slices', () => {
    expect(join({})).toEqual({
      ok: true,
      value: {
        task: 'binary',
        classes: ['cat', 'dog'],
        ids: ['x', 'y', 'z'],
        labels: Float64Array.of(0, 1, 0),
        predictions: Float64Array.of(0, 1, 1),
        scores: [Float64Array.of(0.8, 0.3, 0.1), Float64Array.of(0.2, 0.7, 0.9)],
        groups: held.groups,
        slices: held.slices,
        rowMetrics: { profit: Float64Array.of(1, 2, 3) },
      },
    });
  });

  it('read labels as what the contract says they stand for, and numbers as numbers', () => {
    const truth = { names: ['0', '1', '0'], numbers: Float64Array.of(0, 1, 0) };
    const contract = { classes: ['cat', 'dog'], labels: { '0': 'cat', '1': 'dog' } };
    expect(labelsOf({ contract }, { truth })).toEqual([0, 1, 0]);
    expect(labelsOf({}, { truth })).toEqual([-1, -1, -1]);
    expect(labelsOf({ classes: ['1', '0'] }, { truth })).toEqual([1, 0, 1]);
    const numbers = Float64Array.of(0.5, 1.5, -2);
    expect(labelsOf({ task: 'regression', classes: [] }, { truth: { ...truth, numbers } })).toEqual([
      0.5, 1.5, -2,
    ]);
  });

  it('leave a label that is no class for the gate to report', () => {
    const truth = { ...held.truth, names: ['cat', 'cow', 'dog'] };
    expect(labelsOf({}, { truth })).toEqual([0, -1, 1]);
  });

  it('take what can’t be listed as it is written, and a text for nothing that could be right', () => {
    const open = { task: 'open', classes: [], isClosed: false, names: ['cat', 'cat', 'emu'] } as const;
    const joined = join(open);
    expect(joined.ok && [...joined.value.labels]).toEqual([0, 1, 0]);
    expect(joined.ok && [...joined.value.predictions]).toEqual([0, -1, 0]);
    expect(labelsOf({ task: 'text', classes: [] }, {})).toEqual([0, 0, 0]);
  });

  it('hold what can’t be listed against what the labels stand for, so that nonsense is never right', () => {
    const truth = { ...held.truth, names: ['0', '1', 'emu'] };
    const contract = { labels: { '0': 'cat', '1': 'dog' } };
    const open = { task: 'open', classes: [], isClosed: false, contract } as const;
    const answered = (names: readonly string[]) => {
      const joined = join({ ...open, names }, { truth });
      return joined.ok && [[...joined.value.labels], [...joined.value.predictions]];
    };
    // In the order z, x, y.
    expect(answered(['emu', 'cat', 'dog'])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(answered(['garbage', 'garbage', '1'])).toEqual([
      [0, 1, 2],
      [-1, -1, -1],
    ]);
  });

  it.each<[string, Partial<Answers>, string]>([
    ['too few', { ids: ['x', 'y'] }, '2 answers to the 3 examples of the holdout: 1 without an answer.'],
    ['one twice', { ids: ['x', 'y', 'y'] }, '1 without an answer, 1 answered more than once.'],
    [
      'one unknown',
      { ids: ['x', 'y', '::add-mask::'] },
      '1 without an answer, 1 that the holdout does not have.',
    ],
    [
      'one more',
      { ids: ['x', 'y', 'z', 'q'] },
      '4 answers to the 3 examples of the holdout: 1 that the holdout does not have.',
    ],
    [
      'another file',
      { holdoutDigest: `sha256:${'b'.repeat(64)}` },
      "and the default branch's is sha256:aaaa",
    ],
    [
      'a class twice',
      { classes: ['cat', 'cat'] },
      '1 of the 2 classes of the challenger stand there more than once.',
    ],
  ])('are refused by their number: %s', (_name, changed, told) => {
    const joined = join(changed);
    const messages = joined.ok ? [] : joined.error.map(({ message }) => message);
    expect(messages.join(' ')).toContain(told);
    expect(messages.join(' ')).not.toContain('add-mask');
  });
});
