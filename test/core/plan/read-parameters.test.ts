import { describe, expect, it } from 'vitest';
import { readParameters } from '../../../core/plan/read-parameters.ts';
import { parse } from './plan-support.ts';

const config = parse(`version: 1
model: digits
gate: [{ metric: accuracy, floor: 0.9 }]
project: { parameters: { epochs: 3, augment: true, optimizer: adam } }
`);

describe('a parameter takes the type of its value in trainyard.yml', () => {
  it.each([
    [{ epochs: '5' }, { epochs: 5 }],
    [{ epochs: ' 1e1 ' }, { epochs: 10 }],
    [{ augment: 'Yes' }, { augment: true }],
    [{ augment: 'off' }, { augment: false }],
    [{ optimizer: 'sgd' }, { optimizer: 'sgd' }],
  ])('%o', (wanted, read) => {
    expect(readParameters(config, 'train', wanted)).toEqual({ ok: true, value: read });
  });

  it.each([
    [{ epochs: '0x10' }, '`epochs` must be a number, not "0x10".'],
    [{ epochs: '' }, '`epochs` must be a number, not "".'],
    [{ augment: 'maybe' }, '`augment` must be true or false, not "maybe".'],
    [{ optimizer: 'a\u0000b' }, '`optimizer` must be up to 200 printable characters, not "a\\u0000b".'],
    [{ optimiser: 'sgd' }, '`optimiser` is no parameter of this project.'],
  ])('%o is refused', (wanted, message) => {
    const read = readParameters(config, 'train', wanted);
    expect(read.ok ? undefined : read.error.message).toBe(message);
  });

  it.each([
    ['trials', '0', 10_000],
    ['trials', '2.5', 10_000],
    ['jobs', '65', 64],
  ])('a search takes no %s=%s', (name, value, most) => {
    const searching = parse(`version: 1
model: digits
gate: [{ metric: accuracy, floor: 0.9 }]
project: { parameters: { lr: 1 } }
search: { metric: loss, space: { lr: { uniform: [0, 1] } } }
`);
    const read = readParameters(searching, 'tune', { [name]: value });
    expect(read.ok ? '' : read.error.message).toContain(`from 1 to ${most}`);
    expect(readParameters(searching, 'tune', { trials: '8', jobs: '2' })).toMatchObject({ ok: true });
  });

  it('an unknown one is told the nearest, or that there are none', () => {
    const near = readParameters(config, 'train', { optimiser: 'sgd' });
    expect(near.ok ? '' : near.error.remedy).toMatch(/^Did you mean `optimizer`\? It has epochs/);
    const bare = parse('version: 1\nmodel: digits\ngate: [{ metric: accuracy, floor: 0.9 }]\n');
    const none = readParameters(bare, 'train', { epochs: 1 });
    expect(none.ok ? '' : none.error.remedy).toMatch(/It has none yet\.$/);
  });
});
