import { changesRulesOnly } from '../config/compare-policy.ts';
import type { Config } from '../config/config.ts';
import { gitPath } from '../config/git-path.ts';
import { ignore, type PlanDecision, refuse } from './decision.ts';
import { pushSchema } from './payloads.ts';
import type { PlanInput } from './plan-input.ts';
import { resolveOperation } from './resolve-operation.ts';

const SKIP = /\[(?:skip train|train skip)\]/i;
/** Prose by its ending, a licence by its name, and what a folder of documents shows beside prose. */
const DOCUMENTS: readonly RegExp[] = [
  /\.(?:md|markdown|rst|adoc)$/i,
  /(?:^|\/)(?:LICENSE|NOTICE)(?:-[a-z\d-]+(?:\.\d+)*)?(?:\.txt)?$/i,
  /(?:^|\/)docs?\/.*\.(?:html?|css|png|jpe?g|gif|svg|webp|pdf)$/i,
];

/** A push to the default branch trains that commit, unless it touches documents or rules only, or asks not to. */
export function planPush(input: PlanInput): PlanDecision {
  const read = pushSchema.safeParse(input.payload);
  if (!read.success)
    return refuse('bad-payload', "This push event can't be read.", 'Run the workflow by hand instead.');
  const push = read.data;
  if (push.ref !== `refs/heads/${input.defaultBranch}`) {
    return ignore(
      'not-default-branch',
      `${push.ref} is not the default branch; comment /train on its pull request.`,
    );
  }
  if (push.deleted || /^0+$/.test(push.after)) return ignore('branch-deleted', `${push.ref} was deleted.`);
  if (SKIP.test(push.head_commit?.message ?? '')) {
    return ignore('skip-requested', 'The commit message asks for no training.');
  }
  if (areDocuments(input))
    return ignore(
      'docs-only',
      'The push changes documents only: nothing is trained for it. To train all the same, comment /train in a pull request, or run the workflow by hand.',
    );
  if (areRules(input)) {
    return ignore(
      'rules-only',
      `The push changes only how models are judged, rolled out and watched. That counts from now on; nothing is trained for it. /train or /deploy where it is wanted.`,
    );
  }
  const url = push.compare ?? push.head_commit?.url;
  return resolveOperation(
    {
      operation: 'train',
      sha: push.after,
      parameters: {},
      cause: { kind: 'push', id: `push-${push.after}`, ...(url === undefined ? {} : { url }) },
      actor: input.actor,
      dryRun: false,
    },
    input.config,
    input.state,
  );
}

/** Whether only documents changed. Where nobody can tell what changed, something else may have. */
function areDocuments({ changedFiles: paths, config }: PlanInput): boolean {
  return paths !== undefined && paths.length > 0 && paths.every((path) => isDocument(path, config));
}

/** Whether a changed file is one that people alone read. */
function isDocument(path: string, { data: { inputs, holdout } }: Pick<Config, 'data'>): boolean {
  const data = [...inputs, ...(holdout === undefined ? [] : [holdout.path])].map(gitPath);
  return DOCUMENTS.some((document) => document.test(path)) && !data.some((one) => lies(path, one));
}

/** Whether the rules of the configuration changed, and nothing else but documents. */
function areRules({ changedFiles: paths, pushedConfiguration: pushed, config }: PlanInput): boolean {
  if (pushed === undefined || paths === undefined) return false;
  const { file, before, after } = pushed;
  return paths.every((path) => path === file || isDocument(path, config)) && changesRulesOnly(before, after);
}

/** Texts that a model learns from are data, whatever they are called. */
function lies(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
