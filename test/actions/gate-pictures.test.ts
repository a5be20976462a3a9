import { expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { createGateBench } from './support/gate-bench.ts';
import { showReport } from './support/show-report.ts';

test('the pictures of a verdict are stored with the run, and the report says where', async () => {
  const { world, request, ports } = await createGateBench(970, true);
  const { report } = await evaluateGate('both', request, ports);
  const file = world.tracking.artifacts.get('run-9/trainyard/pictures/confusion.svg');
  expect(file).toBeDefined();
  expect(showReport(report)).toMatch(
    /Confusion matrix \(confusion\.svg\), in the artifacts of the run, .*trainyard\/pictures/,
  );
});

test('a verdict stands where its pictures can not be stored, and none is named', async () => {
  const { world, request, ports } = await createGateBench(970);
  const warnings: string[] = [];
  const tracking: typeof ports.tracking = {
    ...ports.tracking,
    uploadArtifact: async (runId, path, file) => {
      if (path.startsWith('trainyard/pictures/')) throw new Error('the disk of MLflow is full');
      await ports.tracking.uploadArtifact(runId, path, file);
    },
  };
  const log = { ...ports.log, warn: (text: string) => warnings.push(text) };
  const outcome = await evaluateGate('both', request, { ...ports, tracking, log });
  expect(outcome.outputs).toMatchObject({ verdict: 'pass' });
  expect(world.ledger.kinds()).toContain('gate.judged');
  expect(warnings).toEqual(['The pictures could not be stored with run run-9: the disk of MLflow is full']);
  expect(showReport(outcome.report)).not.toContain('Pictures:');
  expect(showReport(outcome.report)).toContain('Confusion matrix');
});
