import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { readCalledWorkflow } from '../../core/check/called-workflow.ts';
import { checkCaller } from '../../core/check/check-caller.ts';
import { type Checked, errors, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Caller } from '../../core/check/workflow.ts';
import type { Config } from '../../core/config/config.ts';
import { COMMAND_LINE } from '../../core/names.ts';
import type { About } from './about.ts';
import { readCallers, WORKFLOWS_FOLDER } from './read-callers.ts';

const SUBJECT = 'workflows';

type Context = About & {
  /** This package's folder. */
  readonly root: string;
  readonly branch: string | undefined;
  readonly needsLfs: boolean;
};

/** Holds the workflows that call ours for this configuration against what ours take and need. */
export async function lookAtWorkflows(context: Context, config: Config): Promise<readonly Checked[]> {
  const { file, branch, needsLfs } = context;
  const callers = await readCallers(context.folder, file);
  const checked = await Promise.all(
    callers.map(async (caller) => {
      const called = readCalledWorkflow(
        await readFile(path.join(context.root, WORKFLOWS_FOLDER, `${caller.calls}.yml`), 'utf8'),
      );
      const found = checkCaller(caller, { called, config, branch, needsLfs });
      return found.length > 0 ? found : [fine(SUBJECT, `${caller.file} calls the ${caller.calls}`)];
    }),
  );
  const untold =
    branch === undefined
      ? [passedOver(SUBJECT, "The default branch can't be told: name it with --branch.")]
      : [];
  return [...findAbsent(callers, file), ...checked.flat(), ...untold];
}

function findAbsent(callers: readonly Caller[], file: string): readonly Checked[] {
  const has = (calls: Caller['calls']) => callers.some((caller) => caller.calls === calls);
  const problem = (calls: Caller['calls'], effect: string) => ({
    code: `no-${calls}`,
    message: `No workflow of ${WORKFLOWS_FOLDER} calls the ${calls} for ${file}: ${effect}.`,
    remedy: `Write it with \`${COMMAND_LINE} init\`.`,
  });
  return [
    ...(has('pipeline') ? [] : errors(SUBJECT, [problem('pipeline', 'nothing starts it')])),
    ...(has('monitor') ? [] : warnings(SUBJECT, [problem('monitor', 'nobody looks at what hosts saw')])),
  ];
}
