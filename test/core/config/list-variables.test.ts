import { expect, test } from 'vitest';
import { listVariables } from '../../../core/config/expand-variables.ts';

test('the variables that a file names are each listed once, also those with a default, and none that is escaped', () => {
  const text = `a: "\${STORE}/x"\nb: ["\${STORE}", "\${OTHER:-none}"]\nc: "$\${NOT_ME} $PLAIN \${1BAD}"`;
  expect(listVariables(text)).toEqual(['STORE', 'OTHER']);
});
