import { expect, test } from 'vitest';
import { ENV, MINIMAL, parse, problemsOf } from './read-text.ts';

const WITH_VARIABLES = `${MINIMAL}data: { fetch: "cp '\${STORE}'/a $HOME $\${f} \${TO:-.}" }\n`;

test('variables of the command that fetches data are left to its shell, whatever stands in them', () => {
  expect(parse(WITH_VARIABLES, { ...ENV, STORE: "it's here; rm -r" }).data.fetch).toBe(
    `cp '\${STORE}'/a $HOME \${f} \${TO:-.}`,
  );
  expect(parse(`${MINIMAL}data: { fetch: "make data" }\n`).data).toEqual({ inputs: [], fetch: 'make data' });
});

test('they have to have values all the same', () => {
  expect(problemsOf(WITH_VARIABLES)).toMatchObject([
    { code: 'missing-variable', where: { line: 5, column: 16 } },
  ]);
});
