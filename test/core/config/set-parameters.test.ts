import { describe, expect, it } from 'vitest';
import { expandVariables } from '../../../core/config/expand-variables.ts';
import { setParameters } from '../../../core/config/set-parameters.ts';

const FILE = `version: 1 # the first
model: mnist
project:
    parameters: { lr: 0.1, "name": plain, deep: true }   # by hand

# The gate.
gate:   [{metric: accuracy,   floor: 0.9}]
`;

describe('setting parameters in the file', () => {
  it('changes their values and nothing else, comments and spaces kept', () => {
    const changed = setParameters(FILE, { lr: 0.0123, name: 'a, b', deep: false });
    expect(changed?.text).toBe(
      FILE.replace('lr: 0.1', 'lr: 0.0123').replace('plain', '"a, b"').replace('deep: true', 'deep: false'),
    );
    expect(changed?.lines).toEqual([
      {
        line: 4,
        before: '    parameters: { lr: 0.1, "name": plain, deep: true }   # by hand',
        after: '    parameters: { lr: 0.0123, "name": "a, b", deep: false }   # by hand',
      },
    ]);
  });

  it('does so in a block too', () => {
    const block = 'project:\n  parameters:\n    lr: 0.1 # usual\n    depth: 3\n';
    expect(setParameters(block, { depth: 5 })?.text).toBe(block.replace('3', '5'));
  });

  it('leaves a file alone that has them already', () => {
    expect(setParameters(FILE, { lr: 0.1 })?.lines).toEqual([]);
  });

  it('writes a text that looks like a variable so that nothing is filled in', () => {
    for (const name of [`\${SECRET}`, `$\${SECRET}`, `\${1}`, `a \${B:-c} \${`, '$']) {
      const text = setParameters('project: { parameters: { name: a } }', { name })?.text ?? '';
      const [written = ''] = /"[^"]*"/.exec(text) ?? [];
      expect(expandVariables(written, { SECRET: 'hidden', B: 'b' }).value).toBe(JSON.stringify(name));
    }
  });

  it('finds its place behind a mark of byte order, and in lines that end as on Windows', () => {
    const file = '\ufeffproject:\r\n  parameters:\r\n    lr: 0.1 # usual\r\n';
    expect(setParameters(file, { lr: 0.2 })?.text).toBe(file.replace('0.1', '0.2'));
  });

  it.each([
    ['is not there', FILE, { epochs: 3 }],
    ['is an anchor that others repeat', 'project: { parameters: { lr: &a 1, b: *a } }', { lr: 2 }],
    ['is another one’s value', 'project: { parameters: { a: &a 1, lr: *a } }', { lr: 2 }],
    [
      'stands in an anchor that others repeat',
      'project: { parameters: &a { lr: 1 } }\nsearch: { parameters: *a }',
      { lr: 2 },
    ],
    ['stands in a section that others repeat', 'project: &a { parameters: { lr: 1 } }\nx: *a', { lr: 2 }],
    ['has a tag that makes another of it', 'project: { parameters: { lr: !!str 1 } }', { lr: 2 }],
    ['goes over several lines', 'project:\n  parameters:\n    lr: "a\n      b"\n', { lr: 'c' }],
    ['stands in no YAML', 'project: {', { lr: 2 }],
    ['has no value', 'project: { parameters: { lr: } }', { lr: 2 }],
  ])('changes nothing where a value %s', (_, text, parameters) => {
    expect(setParameters(text, parameters)).toBeUndefined();
  });
});
