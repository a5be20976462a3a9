import type { Sign } from '../../report/signs.ts';
import type { Operation } from '../hand-over.ts';
import { CHAIN_JOBS, type ChainJob, type JobEnds } from './chain-jobs.ts';

/** What a chain was to do, and for whom it would have given way. */
type ChainFacts = {
  readonly operation: Operation;
  readonly environment: string | undefined;
  /** The version that the chain made, or that was named. */
  readonly version: string | undefined;
  /** The version that served when the plan was made. */
  readonly champion: string | undefined;
  readonly jobs: JobEnds;
};

/**
 * How a chain has ended: a job failed or was lost (`broken`), the model was refused (`rejected`), a rollout was taken back, asked for or
 * not (`taken-back`), it is not over (`open`), all is done (`done`), or nothing was (`idle`).
 */
type ChainState = 'broken' | 'rejected' | 'taken-back' | 'open' | 'done' | 'idle';

/** The end of a chain for people. */
export type ChainEnd = {
  readonly state: ChainState;
  readonly sign: Sign;
  /** One sentence or two: what happened. */
  readonly said: string;
  /** Where to go on, a sentence each. */
  readonly steps: readonly string[];
};

/**
 * What each job may say where the chain ends with it. Of one that ran the user's code no other word counts: whoever trains could set the
 * commit green with it, and tell people of a rollout that never was.
 */
const LAST_WORDS: Readonly<Record<ChainJob, readonly string[]>> = {
  train: [],
  propose: ['recorded'],
  'predict-champion': [],
  predict: [],
  judge: ['gate-failed', 'gate-inconclusive'],
  register: [],
  build: ['gate-failed', 'gate-inconclusive'],
  keep: ['package-kept', 'already-kept'],
  deploy: ['rolled-back', 'held', 'detached', 'in-progress', 'promoted', 'nothing-to-do'],
  'take-back': ['rolled-back', 'held', 'detached', 'in-progress', 'promoted', 'nothing-to-do'],
};

/** Tells how a chain has ended and where to go on from there, by what its jobs say. */
export function describeChain(facts: ChainFacts): ChainEnd {
  const broken = findBroken(facts.jobs);
  return broken === undefined ? describeLast(facts) : describeBroken(facts, broken);
}

/** The job that the others did not run for: the first that failed, else the first that was ended from outside. */
function findBroken(jobs: JobEnds): ChainJob | undefined {
  const those = (result: string) => CHAIN_JOBS.find((job) => jobs[job]?.result === result);
  return those('failure') ?? those('cancelled');
}

const RUN_AGAIN =
  'Re-run the failed jobs of the run below ("Re-run jobs", "Re-run failed jobs"): what is done is not done again.';

function describeBroken(facts: ChainFacts, job: ChainJob): ChainEnd {
  const end = facts.jobs[job];
  const said = end?.said ?? '';
  const isCancelled = end?.result === 'cancelled' || end?.code === 'cancelled';
  const why = isCancelled
    ? `was cancelled, or took longer than it may.`
    : said === ''
      ? describeSilence(job, end?.code ?? '')
      : `failed: ${said}`;
  const isOfUser = !isCancelled && end?.code === 'user-error';
  return {
    state: 'broken',
    sign: 'failed',
    said: `The job ${job} ${why}${describeServing(facts, job)}`,
    steps: [...(isOfUser ? mend(job) : []), RUN_AGAIN, ...otherWays(facts, job)],
  };
}

/** A job that gave its code has spoken: what is not here of it was dropped on the way. */
function describeSilence(job: ChainJob, code: string): string {
  if (code !== '')
    return `failed (${code}). What it said holds a secret's value, so that GitHub hands it to no other job: the log of the job has it.`;
  return `ended before it could say why: ${job === 'deploy' ? 'its approval was refused, ' : ''}its runner was lost, or a step before its own failed. The run says which.`;
}

/** A re-run works on the same commit, so it mends nothing that is written there. */
function mend(job: ChainJob): readonly string[] {
  switch (job) {
    case 'train':
      return ['Mend what it names and push; in a pull request, comment `/train` again then.'];
    case 'deploy':
    case 'take-back':
      return [];
    default:
      return [
        'Mend what it names. What this job reads of the repository is that of the default branch: push there, and `/train` again.',
      ];
  }
}

function otherWays({ operation, version, environment, jobs }: ChainFacts, job: ChainJob): readonly string[] {
  if (job === 'deploy' && version !== undefined && jobs.keep?.result === 'success') {
    const where = environment === undefined ? '' : ` ${environment}`;
    return [`Or comment \`/deploy v${version}${where}\`: it is packed, and nothing is trained again.`];
  }
  if (job !== 'take-back') return [];
  return [
    `Or comment \`/${operation === 'hold' ? 'hold' : 'rollback'}\` again. The page of each host takes traffic back without GitHub, too.`,
  ];
}

/** Until its traffic is touched, whoever serves goes on. A search is proposed beside the chain, which may have gone as far as that. */
function describeServing({ champion, jobs }: ChainFacts, job: ChainJob): string {
  const isTouched = [jobs.deploy, jobs['take-back']].some((end) => end && end.result !== 'skipped');
  if (champion === undefined || isTouched || job === 'deploy' || job === 'take-back') return '';
  return ` Version ${champion} serves on.`;
}

function describeLast(facts: ChainFacts): ChainEnd {
  const last = CHAIN_JOBS.findLast((job) => facts.jobs[job]?.result === 'success');
  if (last === undefined)
    return { state: 'idle', sign: 'nothing-to-do', said: 'Nothing was to be done.', steps: [] };
  const { code, said } = facts.jobs[last] ?? {};
  const told = said ?? '';
  if (!LAST_WORDS[last].includes(code ?? '')) return describeStopped(last, told);
  switch (code) {
    case 'gate-failed':
    case 'gate-inconclusive':
      return describeRejected(facts, { code, told });
    case 'rolled-back':
      return { state: 'taken-back', sign: 'rolled-back', said: told, steps: afterTakingBack(facts) };
    case 'held':
      return {
        state: 'open',
        sign: 'held',
        said: told,
        steps: ['`/resume` lets it go on, `/rollback` ends it.'],
      };
    case 'detached':
    case 'in-progress':
      return { state: 'open', sign: 'in-progress', said: told, steps: [GOES_ON] };
    case 'recorded':
      return { state: 'done', sign: 'searched', said: told, steps: [] };
    case 'promoted':
      return { state: 'done', sign: 'promoted', said: told, steps: [] };
    case 'nothing-to-do':
      return {
        state: BEGUN.has(facts.operation) ? 'done' : 'idle',
        sign: 'nothing-to-do',
        said: told || 'Nothing was to be done.',
        steps: [],
      };
    default:
      return describeUndeployed(told);
  }
}

/** What was shown beside its commit as under way: that it serves already ends it. */
const BEGUN: ReadonlySet<Operation> = new Set(['train', 'tune', 'deploy']);

/** No job failed, and the one that should have come next did not run. */
function describeStopped(job: ChainJob, told: string): ChainEnd {
  const words = told === '' ? '' : ` It said: ${told}`;
  return {
    state: 'broken',
    sign: 'failed',
    said: `The job ${job} ended well, and nothing came of it.${words}`,
    steps: [
      `Read the log of the job ${job} in the run below: what it handed on was lost, or it was led to stop. Then begin again.`,
    ],
  };
}

const GOES_ON =
  'The hosts report when a stage has its evidence, and it goes on by itself. `/status` tells where it is, `/hold` keeps it there, `/rollback` ends it.';

function afterTakingBack({ operation }: ChainFacts): readonly string[] {
  return operation === 'rollback'
    ? []
    : [
        '`/status` says what serves. What was taken back for harm begins again only where somebody names it: `/deploy v…`.',
      ];
}

function describeRejected(
  { champion, version }: ChainFacts,
  { code, told }: { readonly code: 'gate-failed' | 'gate-inconclusive'; readonly told: string },
): ChainEnd {
  const kept = version === undefined ? 'Nothing was registered' : `Version ${version} is not rolled out`;
  const serving = champion === undefined ? '' : `; version ${champion} stays`;
  return {
    state: 'rejected',
    sign: code,
    said: `${told} ${kept}${serving}.`,
    steps: [
      code === 'gate-failed'
        ? 'The report of the gate says which rule is missed, and by how much: change the model, its data or its parameters, and train again.'
        : 'The report of the gate says how many examples each rule needs: label more of them, or let the rule accept more, and train again.',
    ],
  };
}

/** All jobs went well, and none of them gives it traffic: there is nowhere to roll out to. */
function describeUndeployed(told: string): ChainEnd {
  const steps = ['Nothing is rolled out: trainyard.yml names no environment. Add one, and `/deploy` it.'];
  return { state: 'done', sign: 'package-built', said: told, steps };
}
