import type { WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { outputOf } from '../../sandbox/runner/workflow-run.ts';

/** One thing a scene promised: what should have been seen, what was, and where to look it up. */
export type SceneCheck = {
  readonly expected: string;
  readonly observed: string;
  readonly held: boolean;
  readonly where: string;
};

export type SceneResult = { readonly title: string; readonly checks: readonly SceneCheck[] };

/** Says what a scene is doing, as it does it. */
export type Say = (line: string) => void;

/** For what is part of no scene. */
export function quietly(): void {
  // Nobody is told.
}

/** A check of a run: it ended so, and a job of it said so. */
export function checkRun(
  expected: string,
  run: WorkflowRun,
  wanted: { readonly conclusion: WorkflowRun['conclusion']; readonly job: string; readonly reason: string },
): SceneCheck {
  const reason = outputOf(run, wanted.job, 'reason-code') ?? 'no reason code';
  return {
    expected,
    observed: `run ${run.conclusion}, ${wanted.job}: ${reason}`,
    held: run.conclusion === wanted.conclusion && reason === wanted.reason,
    where: run.log,
  };
}
