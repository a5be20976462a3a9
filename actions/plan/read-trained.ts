import { placeOfMlproject } from '../../adapters/mlflow/read-mlproject.ts';
import type { Config } from '../../core/config/config.ts';
import { escapeVariables } from '../../core/config/expand-variables.ts';
import { isScript } from '../../core/config/mlproject/check-project.ts';
import { parseMlproject } from '../../core/config/mlproject/parse-mlproject.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { messageOf } from '../../core/errors.ts';
import type { PlanDecision } from '../../core/plan/decision.ts';
import { type ProjectOnDisk, type TrainedProject, trains } from '../../core/plan/training/check-training.ts';
import type { GitHub, Log } from '../../core/ports.ts';

/** What a commit says of the project that it would train, and what of it could not be looked at, a sentence each. */
export type ProjectReading = {
  readonly project?: TrainedProject;
  readonly doubts: readonly string[];
};

/** What the default branch says, and the commit that the event came with. */
type DefaultBranch = {
  readonly config: Pick<Config, 'project'>;
  readonly policy: { readonly file: string; readonly text: string; readonly sha?: string };
  readonly disk: Pick<ProjectOnDisk, 'project'>;
  readonly sha: string;
};

const NOTHING: ProjectReading = { doubts: [] };

/**
 * Reads the project of the commit that is to be trained: of the default branch what its workspace holds, of another commit what GitHub has
 * of it. What can't be read there is left to the training's own job, which checks all of it, and is said.
 */
export async function readTrained(
  { config, policy, disk, sha }: DefaultBranch,
  { github, log }: { readonly github: GitHub | undefined; readonly log: Pick<Log, 'warn'> },
  decision: PlanDecision,
): Promise<ProjectReading> {
  if (decision.kind !== 'operation' || !trains(decision)) return NOTHING;
  const { file, text, sha: own = sha } = policy;
  if (decision.sha === own) {
    const project = { sha: own, file, text, settings: config.project, mlproject: disk.project };
    return { project, doubts: [] };
  }
  if (github === undefined) return NOTHING;
  const commit: ReadableCommit = { sha: decision.sha, readFile: github.readFile };
  try {
    return await readCommit(commit, file);
  } catch (thrown) {
    const doubt = doubtOf(commit, messageOf(thrown));
    log.warn(doubt);
    return { doubts: [doubt] };
  }
}

/** A commit whose files can be read. */
type ReadableCommit = {
  readonly sha: string;
  readonly readFile: (file: string, sha: string) => Promise<string | undefined>;
};

async function readCommit(commit: ReadableCommit, file: string): Promise<ProjectReading> {
  const { sha, readFile } = commit;
  const text = await readFile(file, sha);
  const settings = text === undefined ? undefined : readProject(text, file);
  if (text === undefined || settings === undefined) return doubting(commit, `${file} there can't be used`);
  const place = placeOfMlproject(settings.uri);
  // What lies elsewhere is nothing of the commit.
  if (place === undefined) return { doubts: [] };
  const found = await readFile(place, sha);
  // Too large for GitHub to hand out, or in a submodule, it looks as if it were empty or not there.
  if (found === undefined && isScript(settings.steps.train)) return { doubts: [] };
  if (found === undefined || found === '') return doubting(commit, `GitHub has no ${place} of it`);
  return { project: { sha, file, text, settings, mlproject: parseMlproject(found, place) }, doubts: [] };
}

/**
 * The project of a file as it is written: what names a variable stays so, since a refusal shows the values, and this job's are not for
 * whoever wrote the commit. `undefined` where it can't be used.
 */
function readProject(text: string, file: string): Config['project'] | undefined {
  const read = parseConfig(escapeVariables(text), { file, env: {}, needs: [], only: ['project'] });
  return read.ok ? read.value.project : undefined;
}

function doubting(commit: ReadableCommit, why: string): ProjectReading {
  return { doubts: [doubtOf(commit, why)] };
}

function doubtOf({ sha }: ReadableCommit, why: string): string {
  return `What the project of ${sha.slice(0, 12)} takes as parameters could not be looked at (${why}): its training checks that when it begins.`;
}
