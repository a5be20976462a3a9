import { expect, test } from 'vitest';
import { explainLoadFailure } from '../../agent/runtimes/find-load-failure.ts';

const ERROR =
  '2026-01-01T10:00:00,000 [INFO ] W-9000-m_1-stdout MODEL_LOG - ModuleNotFoundError: No module named x';
const retry = (worker: number) =>
  `2026-01-01T10:00:01,000 [INFO ] W-${worker}-m_1 org.pytorch.serve.wlm.WorkerThread - Retry worker: ${worker} in 1 seconds.`;

test('a worker that ended twice before it served will not load the model, and its last error says why', () => {
  expect(explainLoadFailure([ERROR, retry(9000), ERROR, retry(9000)])).toBe(
    "The model can't be loaded: ModuleNotFoundError: No module named x",
  );
});

test('one end may be chance, and so may one end of each of several workers', () => {
  expect(explainLoadFailure([ERROR, retry(9000)])).toBeUndefined();
  expect(explainLoadFailure([ERROR, retry(9000), retry(9001), retry(9002)])).toBeUndefined();
});

test('what the handler raised is named rather than what TorchServe made of it', () => {
  const summary = ERROR.replace(
    /MODEL_LOG.*/,
    'MODEL_LOG - Failed to load model m, exception no such file: w.pt',
  );
  const wrapped = ERROR.replace(/MODEL_LOG.*/, 'MODEL_LOG - RuntimeError: 500 - Unknown exception');
  expect(explainLoadFailure([summary, retry(9000), summary, wrapped, retry(9000)])).toContain(
    'no such file: w.pt',
  );
});
