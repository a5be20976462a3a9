import { describe, expect, test } from 'vitest';
import { addAdoption } from '../../cli/init/add-adoption.ts';

const CHURN = { uri: 'models:/churn/3', name: 'churn' };
const WRITTEN = `name: churn # ours
python_env: python_env.yaml
entry_points:
  # What a push runs.
  main:
    parameters:
      epochs: { type: int, default: 3 }
      rate: 0.1
    command: >
      python train.py
      --epochs {epochs} --rate {rate}
`;

describe('MLproject with an entry point more', () => {
  test('has it beside the one that trains, with its parameters, and all else as it was', () => {
    const text = addAdoption(WRITTEN, 'main', CHURN);
    expect(text).toBe(`${WRITTEN}  adopt: # logs a model that exists, in the place of a training
    parameters: {"epochs":{"type":"int","default":3},"rate":0.1}
    command: "python adopt.py models:/churn/3"
`);
    expect(addAdoption(text ?? '', 'main', CHURN)).toBe(text);
  });

  test('has the parameters that another entry point lends', () => {
    const text = addAdoption(
      'entry_points:\n  a:\n    parameters: &p { lr: 0.1 }\n    command: x\n  main:\n    parameters: *p\n    command: y\n',
      'main',
      CHURN,
    );
    expect(text).toContain('    parameters: {"lr":0.1}\n    command: "python adopt.py');
  });

  test('has it before what follows the entry points', () => {
    const text = addAdoption(
      'entry_points:\n    fit:\n        command: python fit.py\nname: x\n',
      'fit',
      CHURN,
    );
    expect(text).toBe(
      'entry_points:\n    fit:\n        command: python fit.py\n' +
        '    adopt: # logs a model that exists, in the place of a training\n      command: "python adopt.py models:/churn/3"\nname: x\n',
    );
  });

  test.each([
    ['entry_points:\n  main: { command: a }\n  adopt: { command: another }\n'],
    ['entry_points: { main: { command: a } }\n'],
    ['name: x\n'],
    ['entry_points: [main]\n'],
  ])('is not guessed where it can not be told: %j', (text) => {
    expect(addAdoption(text, 'main', CHURN)).toBeUndefined();
  });
});
