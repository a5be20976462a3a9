import type { Config } from '../../config/config.ts';
import { compareInstants, type Instant } from '../../instant.ts';
import { describeMute } from '../../ledger/mutes/describe-mute.ts';
import { mutesAt } from '../../ledger/mutes/mute.ts';
import {
  type EnvironmentState,
  environmentOf,
  freezeOf,
  type LedgerState,
  openTrainings,
} from '../../ledger/state.ts';
import { type Block, type Report, type Span, tableOfFacts } from '../../report/report.ts';

type StatusView = {
  /** The one that is asked about; all without it. */
  readonly environment: string | undefined;
  readonly now: Instant;
  /** Address below which runs of the workflow are, by their ids; without it they are only named. */
  readonly runsUrl?: string;
};

/** What serves where, what is under way, and what is in the way. */
export function answerStatus(
  config: Config,
  state: LedgerState,
  { environment, now, runsUrl }: StatusView,
): Report {
  const names = environment === undefined ? Object.keys(config.environments) : [environment];
  const serving = names.map((name) => `${name}: ${describeChampion(environmentOf(state, name))}`);
  return {
    sign: 'status',
    about: config.model,
    blocks: [
      strong(`${serving.join('; ') || 'There are no environments'}.`),
      ...names.flatMap((name) => describeEnvironment(state, name, now)),
      ...describeFailure(state, runsUrl),
      describeTrainings(state),
    ],
  };
}

/** The training that was asked for last, where it came to nothing. */
function describeFailure({ trainings }: LedgerState, runsUrl: string | undefined): readonly Block[] {
  const last = Object.values(trainings)
    .toSorted((left, right) => compareInstants(left.requestedAt, right.requestedAt))
    .at(-1);
  if (last?.status !== 'failed') return [];
  const { requestedAt, actor, message = 'nobody knows why', cause, run, resumed } = last;
  const id = resumed?.run ?? run;
  const name = `Workflow run ${id}`;
  const carried: readonly Span[] =
    runsUrl === undefined ? [` ${name}.`] : [' ', { kind: 'link', text: name, url: `${runsUrl}/${id}` }];
  const source: readonly Span[] =
    cause.url === undefined ? [] : [' ', { kind: 'link', text: 'Where it was asked for', url: cause.url }];
  return [
    {
      kind: 'warning',
      text: [
        `The training that ${actor} asked for at ${requestedAt} failed: ${message}.`,
        ...carried,
        ...source,
      ],
    },
  ];
}

function describeTrainings(state: LedgerState): Block {
  const open = openTrainings(state);
  const columns = ['asked for', 'by', 'status', 'correlation id'];
  const rows = open.map(({ requestedAt, actor, status, correlationId }) => [
    requestedAt,
    actor,
    status,
    correlationId,
  ]);
  return {
    kind: 'details',
    title: `Open trainings: ${open.length}`,
    blocks: [{ kind: 'table', columns, rows }],
  };
}

function describeEnvironment(state: LedgerState, name: string, now: Instant): readonly Block[] {
  const here = environmentOf(state, name);
  const { rollout, previous, monitor } = here;
  const frozen = freezeOf(state, name);
  const rows: (readonly [string, string])[] = [['serving', describeChampion(here)]];
  if (previous !== undefined) rows.push(['before that', `version ${previous.version}`]);
  if (rollout !== undefined) {
    const held = rollout.held === undefined ? '' : `, held: ${rollout.held.explanation}`;
    rows.push([
      'rollout',
      `version ${rollout.version} at ${rollout.percent} % since ${rollout.stageStartedAt}${held}`,
    ]);
  }
  if (frozen !== undefined) rows.push(['frozen', `by ${frozen.actor} since ${frozen.at}: ${frozen.reason}`]);
  if (monitor !== undefined) rows.push(['monitor', `${monitor.action}: ${monitor.explanation}`]);
  for (const mute of mutesAt(here, now)) rows.push(['muted', `\`${mute.code}\` ${describeMute(mute)}`]);
  const last = here.history.at(-1);
  if (last !== undefined)
    rows.push(['last rollout', `version ${last.version} ${last.outcome} at ${last.at}: ${last.explanation}`]);
  return [{ kind: 'heading', text: name }, tableOfFacts(rows)];
}

/** What serves all traffic of an environment, in words. */
export function describeChampion({ champion }: EnvironmentState): string {
  return champion === undefined ? 'nothing yet' : `version ${champion.version} since ${champion.at}`;
}

function strong(text: string): Block {
  return { kind: 'paragraph', text: [{ kind: 'strong', text }] };
}
