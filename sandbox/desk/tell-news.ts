import { summarizeRun } from '../runner/workflow-run.ts';
import type { LocalWorld } from './local-world.ts';

const LOOK_EVERY_MS = 1_000;

/** Says once what each run began and ended with, and what was commented. Gives the timer. */
export function tellNews({ sandbox }: LocalWorld, tell: (line: string) => void): NodeJS.Timeout {
  const told = new Map<number, string>();
  return setInterval(() => {
    for (const run of sandbox.runs) {
      const news =
        run.status === 'completed'
          ? summarizeRun(run)
          : `${run.id} ${run.workflow} ${run.status}: ${run.log}`;
      if (told.get(run.id) !== news) tell(news);
      told.set(run.id, news);
    }
    for (const { id, issue, user, body } of sandbox.repository.comments.values()) {
      if (told.get(id) !== body)
        for (const line of [`— ${user} on #${issue} —`, ...body.split('\n')]) tell(line);
      told.set(id, body);
    }
  }, LOOK_EVERY_MS);
}
