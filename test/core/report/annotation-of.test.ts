import { expect, test } from 'vitest';
import { annotationOf } from '../../../core/report/annotation-of.ts';

const PROBLEM = { code: 'bad-key', message: 'It is wrong.', remedy: 'Mend it.' };

test('an annotation stands at the place of its problem, whose file is named in one line', () => {
  const where = { kind: 'file', file: 'a\n.yml', line: 3, column: 5 } as const;
  expect(annotationOf({ ...PROBLEM, where })).toEqual({
    title: 'trainyard: bad-key',
    message: 'It is wrong. Mend it.',
    file: 'a .yml',
    startLine: 3,
    startColumn: 5,
  });
});

test('a problem in no file says where it is', () => {
  const where = { kind: 'endpoint', endpoint: 'https://mlflow' } as const;
  expect(annotationOf({ ...PROBLEM, where }).message).toBe('https://mlflow: It is wrong. Mend it.');
  expect(annotationOf(PROBLEM)).toEqual({ title: 'trainyard: bad-key', message: 'It is wrong. Mend it.' });
});
