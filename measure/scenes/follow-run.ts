import { setTimeout as sleep } from 'node:timers/promises';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import type { Say } from './scene.ts';

const LOOK_MS = 500;

/** Waits for the end of a run, and says how each of its jobs ended as it does. */
export async function followRun(sandbox: Sandbox, run: WorkflowRun, say: Say): Promise<void> {
  const told = new Set<string>();
  const tell = (): void => {
    for (const [id, { result }] of run.jobs) {
      const reason = outputOf(run, id, 'reason-code');
      if (result === undefined || reason === undefined || told.has(id)) continue;
      told.add(id);
      say(`  ${id}: ${reason}`);
    }
  };
  let ended = false;
  const finished = sandbox.finished(run).finally(() => {
    ended = true;
  });
  while (!ended) {
    await Promise.race([finished, sleep(LOOK_MS)]);
    tell();
  }
}
