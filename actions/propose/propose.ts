import type { Config } from '../../core/config/config.ts';
import { type ChangedLine, setParameters } from '../../core/config/set-parameters.ts';
import { messageOf } from '../../core/errors.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { releaseLock } from '../../core/ledger/locks.ts';
import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import type { LedgerState } from '../../core/ledger/state.ts';
import { LEDGER_BRANCH } from '../../core/names.ts';
import { withoutSearchParameters } from '../../core/plan/training/without-search-parameters.ts';
import type { Clock, GitHub, Ledger, Log } from '../../core/ports.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Block, Report } from '../../core/report/report.ts';
import { ok } from '../../core/result.ts';
import { describeParameters } from '../../core/search/describe-progress.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import type { Author } from '../job/author.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Plan } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { describeSummary } from './describe-summary.ts';

type ProposeRequest = {
  readonly plan: Plan;
  readonly config: Config;
  /** Path of trainyard.yml in the repository. */
  readonly file: string;
  /** Absent when the job that searched has failed. */
  readonly search: SearchSummary | undefined;
  /** Whether that job has failed, if only after the search. */
  readonly hasFailed: boolean;
  readonly author: Author;
};

type ProposePorts = {
  readonly ledger: Ledger;
  readonly github: GitHub | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

type Proposed = OutcomeOf<typeof CONTRACTS.propose>;

/**
 * Records what a search came to and lets the next one begin; where nothing follows it at once, proposes the parameters in a pull
 * request. It runs none of the user's code: what was found is data to it. Where no pull request can be opened, the change is shown.
 */
export async function propose(request: ProposeRequest, ports: ProposePorts): Promise<Proposed> {
  const { plan, config, author, search, hasFailed } = request;
  const context = { ...author, at: ports.clock.now() };
  const { correlationId: holder } = plan;
  await appendOrThrow(ports.ledger, config.model, (state) =>
    ok([...eventsOf(request, state, context), ...releaseLock(state, context, { lock: 'search', holder })]),
  );
  if (search === undefined) return concludeFailed();
  const followed = hasFailed ? 'failed' : 'followed';
  const change = plan.next === undefined ? await proposeChange(request, search, ports) : followed;
  return conclude(search, change);
}

function eventsOf(
  { search }: ProposeRequest,
  { trainings }: LedgerState,
  context: Author & { readonly at: string },
): readonly LedgerEvent[] {
  if (search !== undefined) return [createEvent(context, 'search.finished', search, search.runId)];
  const status = trainings[context.cause.id]?.status;
  // Judged and registered it is a training like any other.
  if (status === 'finished' || status === 'failed') return [];
  const data = { runId: 'none', status: 'failed', message: 'its search failed' } as const;
  return [createEvent(context, 'training.finished', data, 'search')];
}

/** A pull request, lines that were to be in one and why they are in none, or nothing to change. */
type Change =
  | { readonly kind: 'opened'; readonly url: string }
  | { readonly kind: 'shown'; readonly lines: readonly ChangedLine[]; readonly why: string };

async function proposeChange(
  { plan, file, config }: ProposeRequest,
  search: SearchSummary,
  { github, log }: ProposePorts,
): Promise<Change | undefined> {
  if (github === undefined) return { kind: 'shown', lines: [], why: 'the job has no token' };
  const text = await github.readFile(file, plan.sha);
  const given = givenBeside(plan, config);
  const changed =
    text === undefined ? undefined : setParameters(text, { ...given, ...search.best.parameters });
  if (changed === undefined) {
    return { kind: 'shown', lines: [], why: `${file} does not hold all of them as plain values` };
  }
  if (changed.lines.length === 0) return undefined;
  const from = plan.pullRequest === undefined ? undefined : await github.getPullRequest(plan.pullRequest);
  if (from !== undefined && from.headRepository.toLowerCase() !== from.baseRepository.toLowerCase()) {
    return { kind: 'shown', lines: changed.lines, why: 'the pull request comes from a fork' };
  }
  try {
    const url = await github.proposeChange({
      // Git has no branch below another: nothing can be called trainyard/… beside the ledger.
      branch: `${LEDGER_BRANCH}-tune-${plan.correlationId.replaceAll(/[^\w-]/g, '-')}`,
      from: plan.sha,
      ...(from !== undefined && { base: from.headBranch }),
      ...{ file, text: changed.text },
      title: `Take the parameters of a search for ${config.model}`,
      body: renderMarkdown(
        { sign: 'searched', blocks: [...describeGiven(given), ...describeSummary(search)] },
        { kind: 'summary' },
      ),
    });
    return { kind: 'opened', url };
  } catch (thrown) {
    log.warn(`No pull request could be opened: ${messageOf(thrown)}`);
    return { kind: 'shown', lines: changed.lines, why: messageOf(thrown) };
  }
}

/** What each trial was given beside what was tried: without it the best are another's. What is set while it searches stays with the search. */
function givenBeside(plan: Plan, config: Config): Plan['parameters'] {
  const given = Object.entries(withoutSearchParameters(plan, config));
  return Object.fromEntries(given.filter(([name]) => !Object.hasOwn(config.search?.parameters ?? {}, name)));
}

function describeGiven(given: Plan['parameters']): readonly Block[] {
  if (Object.keys(given).length === 0) return [];
  const text = `All trials had ${describeParameters(given)}, as it was asked for; that is in this change too.`;
  return [{ kind: 'paragraph', text }];
}

/** What became of what was found: changed in trainyard.yml, or trained with at once. */
type Concluded = Change | 'followed' | 'failed' | undefined;

function conclude(search: SearchSummary, change: Concluded): Proposed {
  const url = typeof change === 'object' && change.kind === 'opened' ? change.url : '';
  const report: Report = {
    sign: 'searched',
    blocks: [...describeChange(change, search), ...describeSummary(search)],
  };
  return {
    decision: 'complete',
    reasonCode: 'recorded',
    headline: headlineOf(search, change, url),
    report,
    outputs: { 'pull-request': url },
    result: { search, ...(url !== '' && { pullRequest: url }) },
  };
}

function headlineOf({ study }: SearchSummary, change: Concluded, url: string): string {
  if (change === 'failed')
    return `The search ${study} is on record; the training with what it found failed, as the job train says.`;
  return url === '' ? `The search ${study} is on record.` : `Its parameters are proposed in ${url}.`;
}

function describeChange(change: Concluded, { best }: SearchSummary): readonly Block[] {
  if (change === 'followed')
    return [{ kind: 'paragraph', text: 'A training with the best of them follows at once.' }];
  if (change === 'failed') {
    const again = Object.entries(best.parameters).map(([name, value]) => `${name}=${value}`);
    const command = { kind: 'code', text: ['/train', ...again].join(' ') } as const;
    const said = 'The training with the best of them failed, as its job says. The search is kept: ';
    return [{ kind: 'paragraph', text: [said, command, ' trains with what it found once that is mended.'] }];
  }
  if (change === undefined) {
    return [{ kind: 'paragraph', text: 'trainyard.yml has these parameters already: nothing is proposed.' }];
  }
  if (change.kind === 'opened') {
    const link = { kind: 'link', text: 'this pull request', url: change.url } as const;
    return [{ kind: 'paragraph', text: ['The best parameters are proposed in ', link, '.'] }];
  }
  const lines = change.lines.flatMap(({ before, after }) => [`- ${before}`, `+ ${after}`]);
  return [
    {
      kind: 'paragraph',
      text: `Set these in \`project.parameters\` yourself: no pull request was opened, for ${change.why}.`,
    },
    ...(lines.length === 0 ? [] : [{ kind: 'code', text: lines.join('\n') } as const]),
  ];
}

function concludeFailed(): Proposed {
  const text = 'The search failed, as its job says; another one may begin.';
  return {
    decision: 'complete',
    reasonCode: 'training-failed',
    headline: text,
    report: { sign: 'failed', blocks: [{ kind: 'paragraph', text }] },
    outputs: {},
    result: {},
  };
}
