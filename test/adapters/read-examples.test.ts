import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readExamples } from '../../adapters/holdout/read-examples.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text);
  return name;
}

test('rows that must be answered so and pairs stand in one file, beside inputs that nobody here reads', async () => {
  const lines = [
    'id,expect,pair,relation,amount,country',
    'plain,0,,,10,"NL, Utrecht"',
    'stolen,1,,,900,NL',
    'base,,country swapped,,50,NL',
    'swapped,,country swapped,same,50,RO',
  ];
  const examples = await readExamples(folder, write('behaviour.csv', `${lines.join('\n')}\n`));
  expect(examples).toEqual({
    path: 'behaviour.csv',
    digest: expect.stringMatching(/^sha256:[\da-f]{64}$/),
    names: ['plain', 'stolen', 'base', 'swapped'],
    // Whole numbers are named as labels are, whatever gaps stand between them.
    expectations: [
      { row: 0, expect: ['0'], within: 0 },
      { row: 1, expect: ['1'], within: 0 },
    ],
    pairs: [{ name: 'country swapped', first: 2, second: 3, relation: 'same', within: 0 }],
  });
});

test('a file of pairs alone has no `expect`', async () => {
  const examples = await readExamples(folder, write('pairs.csv', 'pair,relation,x\na,higher,1\na,,2\n'));
  expect(examples).toMatchObject({ expectations: [], names: ['row 1', 'row 2'] });
});

test('is the same with a byte order mark, before quotes too', async () => {
  const rows = '"expect","x"\n"01","1"\n"02","2"\n';
  const marked = await readExamples(folder, write('marked.csv', `\uFEFF${rows}`));
  const plain = await readExamples(folder, write('plain.csv', rows));
  expect(marked.expectations).toEqual(plain.expectations);
  expect(plain.expectations.map(({ expect: names }) => names)).toEqual([
    ['01', '1'],
    ['02', '2'],
  ]);
});

test.each([
  ['absent.csv', undefined, /absent\.csv can't be read: .*ENOENT/],
  ['empty.csv', '', /empty\.csv has no examples/],
  ['header.csv', 'expect,x\n', /header\.csv has no examples/],
  ['inputs.csv', 'x,y\n1,2\n', /inputs\.csv has 1 rows that ask for nothing/],
  ['ragged.csv', 'expect,x\n1,2,3\n', /ragged\.csv can't be read: .*3 fields under 2 names/],
])('%s is refused', async (name, text, message) => {
  if (text !== undefined) write(name, text);
  await expect(readExamples(folder, name)).rejects.toThrow(message);
});
