import { describe, expect, test } from 'vitest';
import { readProposedGate, writeProposedGate } from '../../../core/config/gate/proposed-gate.ts';

const file = (gate: string, rest = '') => `version: 1\nmodel: m\n${rest}gate:\n${gate}`;
const OURS = file('  - { metric: accuracy, floor: 0.9 }\n');

function readBack(theirs: string) {
  const written = writeProposedGate(OURS, theirs);
  return written === undefined ? undefined : readProposedGate(written);
}

describe('rules that a commit writes', () => {
  test('come back as rules where they are others', () => {
    const theirs = file(
      '  - { metric: accuracy, floor: 0.1, require: non-inferior, margin: 2% }\n  - { metric: size, at-most: 1GB }\n',
    );
    expect(readBack(theirs)).toMatchObject({
      ok: true,
      value: [
        { kind: 'floor', metric: 'accuracy', floor: 0.1 },
        { kind: 'compare', metric: 'accuracy', require: 'non-inferior' },
        expect.anything(),
      ],
    });
  });

  test.each([
    ['the same', OURS],
    ['the same in other words', OURS.replace('0.9', '0.90')],
    [
      'the same beside another holdout',
      file('  - { metric: accuracy, floor: 0.9 }\n', 'data: { inputs: [x] }\n'),
    ],
    ['no file', 'a: ['],
    ['no list', file('  {}\n')],
    ['no gate at all', 'version: 1\n'],
    ['endless', file('  - { metric: accuracy, floor: 0.1 }\n'.repeat(600))],
  ])('are not handed on where they are %s', (_, theirs) => {
    expect(writeProposedGate(OURS, theirs)).toBeUndefined();
  });

  test.each([
    ['a key that is none', '  - { metric: accuracy, flor: 0.9 }\n', /^gate\[0\]/],
    ['a variable for a number', `  - { metric: accuracy, floor: "\${FLOOR}" }\n`, /^gate\[0\]\.floor/],
    ['no rule', '  []\n', /^gate/],
    ['too many', '  - { metric: accuracy, floor: 0.1 }\n'.repeat(51), /51 rules are more than 50/],
  ])('are told where they can not be judged: %s', (_, gate, said) => {
    expect(readBack(file(gate))).toEqual({ ok: false, error: expect.stringMatching(said) });
  });

  test('are no rules where somebody hands on something else', () => {
    expect(readProposedGate('{')).toMatchObject({ ok: false });
  });
});
