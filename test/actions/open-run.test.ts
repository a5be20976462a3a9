import { describe, expect, test } from 'vitest';
import { sealOpened } from '../../actions/train/find-earlier.ts';
import { train } from '../../actions/train/train.ts';
import { createTraining } from './support/training.ts';

/** A training whose first attempt was lost, and whose next one comes to a checkpoint that it can't tell of. */
async function lost() {
  const bench = createTraining();
  const { request, ports, tracking } = bench;
  const { correlationId, sha } = request.plan;
  const { runId } = await tracking.createRun({
    ...{ experiment: 'mnist', name: 'train' },
    tags: { 'trainyard.correlation-id': correlationId, 'trainyard.step': 'train', 'trainyard.sha': sha },
  });
  await tracking.setRunTags(runId, { 'trainyard.seal.opened': sealOpened(request, ports, runId) });
  return { ...bench, request: { ...request, holder: { round: 0, attempt: 2 } }, runId };
}

describe('a training that was lost', () => {
  test('is left as it is, and its lease given back, where nobody can tell whether there is a checkpoint', async () => {
    const { request, ports, tracking, steps, runId } = await lost();
    const restore = () => Promise.reject(new Error('no route'));
    const checkpoints = { ...ports.checkpoints, restore };
    await expect(train(request, { ...ports, checkpoints })).rejects.toThrow('no route');
    expect(steps).toEqual([]);
    expect(tracking.runs.size).toBe(1);
    const { status, tags } = await tracking.getRun(runId);
    expect(status).toBe('RUNNING');
    expect(tags['trainyard.lease.0.2']).toMatch(/^1970/);
  });

  test('keeps the end that it came to while its lease was waited for', async () => {
    const { request, ports, tracking, runId } = await lost();
    const restore = async () => {
      await tracking.endRun(runId, 'FAILED');
      return false;
    };
    await train(request, { ...ports, checkpoints: { ...ports.checkpoints, restore } });
    expect((await tracking.getRun(runId)).status).toBe('FAILED');
  });

  test('whose runs are gone from MLflow begins with an empty folder', async () => {
    const { request, ports } = createTraining();
    const done: string[] = [];
    const checkpoints = {
      ...ports.checkpoints,
      clear: async () => void done.push('clear'),
      empty: async () => void done.push('empty'),
    };
    const project = {
      run: (step: Parameters<typeof ports.project.run>[0]) => {
        done.push('run');
        return ports.project.run(step);
      },
    };
    await train({ ...request, holder: { round: 0, attempt: 2 } }, { ...ports, checkpoints, project });
    expect(done).toEqual(['empty', 'run', 'clear']);
  });
});

describe('a training that has ended well', () => {
  test('stays so where its folder of checkpoints can’t be removed', async () => {
    const { request, ports, tracking, lines } = createTraining();
    const clear = () => Promise.reject(new Error('EACCES: permission denied'));
    const checkpoints = { ...ports.checkpoints, clear };
    expect(await train(request, { ...ports, checkpoints })).toMatchObject({ reasonCode: 'trained' });
    expect((await tracking.getRun('run-1')).status).toBe('FINISHED');
    expect(lines.join('\n')).toContain('EACCES');
  });

  test('stays so where its lease can’t be given back', async () => {
    const { request, ports, tracking } = createTraining();
    const { setRunTags } = tracking;
    const cut = {
      ...tracking,
      setRunTags: (runId: string, tags: Readonly<Record<string, string>>) =>
        Object.values(tags).some((value) => value.startsWith('1970'))
          ? Promise.reject(new Error('no route'))
          : setRunTags(runId, tags),
    };
    expect(await train(request, { ...ports, tracking: cut })).toMatchObject({ reasonCode: 'trained' });
  });
});
