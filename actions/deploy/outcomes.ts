import { type Instant, secondsBetween } from '../../core/instant.ts';
import type { EnvironmentState, Freeze, Rollout, RolloutOutcome } from '../../core/ledger/state.ts';
import { formatDuration } from '../../core/report/format-number.ts';
import type { Block, Report } from '../../core/report/report.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { type AwayHost, awayData, describeAway } from './hosts/fleet.ts';

/** How the deploy action ended. */
export type DeployOutcome = OutcomeOf<typeof CONTRACTS.deploy>;

/** Where a rollout was, and which hosts were out of reach when it ended. */
type Site = {
  readonly model: string;
  readonly environment: string;
  readonly away: readonly AwayHost[];
};

/** Why something became of a rollout: a stable code, one plain sentence, and what there is to tell people. */
export type Reasons = {
  readonly code: string;
  readonly explanation: string;
  readonly report: readonly Block[];
};

/** Reasons of which there is no more to tell than the one sentence. */
export function withReport<C extends string>(code: C, explanation: string): Reasons & { readonly code: C } {
  return { code, explanation, report: [{ kind: 'paragraph', text: explanation }] };
}

const RETURNS_BY_ITSELF =
  'It returns to the stable version by itself when its lease is over; monitor-check sees to it once it is back.';

/** What becomes of a host that is away where nobody else could tell it who serves. */
function returnsTo(serving: string): string {
  return `It serves what it served; monitor-check gives it version ${serving} once it is back.`;
}

/** The candidate has all traffic and is the champion. */
export function promotedOutcome(site: Site, rollout: Rollout, reasons: Reasons): DeployOutcome {
  const { model, environment, away } = site;
  const { id, version, stable } = rollout;
  const { code, explanation, report } = reasons;
  return {
    decision: 'complete',
    reasonCode: 'promoted',
    headline: `${model} version ${version} serves ${environment}. ${explanation}`,
    report: {
      sign: 'promoted',
      about: `version ${version} in ${environment}`,
      blocks: [...report, ...describeAway(away, `It gets version ${version} once it is back.`)],
    },
    outputs: { outcome: 'promoted', 'serving-version': version },
    result: {
      ...{ outcome: 'promoted', rollout: id, version, previous: stable, code, explanation },
      ...awayData(away),
    },
  };
}

/** The candidate was taken back; whoever served before has all traffic. */
export function rolledBackOutcome(site: Site, rollout: Rollout, reasons: Reasons): DeployOutcome {
  const { environment, away } = site;
  const { id, version, stable } = rollout;
  const { code, explanation, report } = reasons;
  return {
    decision: 'stop',
    reasonCode: 'rolled-back',
    headline: `Version ${version} was taken back from ${environment}. ${explanation}`,
    report: {
      sign: 'rolled-back',
      about: `version ${version} in ${environment}`,
      blocks: [...report, ...describeAway(away, RETURNS_BY_ITSELF)],
    },
    outputs: { outcome: 'rolled-back', 'serving-version': stable ?? '' },
    result: { outcome: 'rolled-back', rollout: id, version, stable, code, explanation, ...awayData(away) },
  };
}

/** What is told of a rollout that goes on. */
export function describeOpen(environment: string, rollout: Rollout, blocks: readonly Block[]): Report {
  const about = `version ${rollout.version} at ${rollout.percent} % in ${environment}`;
  return { sign: 'in-progress', about, blocks };
}

/** The rollout is open and this job leaves it: held by a person or for a reason, or under way and watched by the agents. */
export function openOutcome(environment: string, rollout: Rollout, reasons: Reasons): DeployOutcome {
  const { id, version, stable, percent, held } = rollout;
  const { code, explanation, report } = reasons;
  const isHeld = code === 'held' || held !== undefined;
  const outcome = isHeld ? 'held' : 'in-progress';
  return {
    decision: 'stop',
    reasonCode: isHeld ? 'held' : 'detached',
    headline: `Version ${version} stays at ${percent} % in ${environment}. ${explanation}`,
    report: { ...describeOpen(environment, rollout, report), sign: outcome },
    outputs: { outcome, 'serving-version': stable ?? version },
    result: { outcome, rollout: id, version, stable, percent, code, explanation },
  };
}

/** A rollout had ended before this job could end it. */
export function endedOutcome(
  { environment, away }: Omit<Site, 'model'>,
  ended: RolloutOutcome,
  serving: string,
): DeployOutcome {
  const promoted = ended.outcome === 'promoted';
  return {
    decision: promoted ? 'complete' : 'stop',
    reasonCode: promoted ? 'promoted' : 'rolled-back',
    headline: `Version ${ended.version} was ${promoted ? 'promoted' : 'rolled back'} in ${environment}. ${ended.explanation}`,
    report: {
      sign: promoted ? 'promoted' : 'rolled-back',
      about: `version ${ended.version}`,
      blocks: [{ kind: 'paragraph', text: ended.explanation }, ...describeAway(away, returnsTo(serving))],
    },
    outputs: { outcome: ended.outcome, 'serving-version': serving },
    result: { ...ended, servingVersion: serving, ...awayData(away) },
  };
}

/** No rollout is open, so there is none to go on with; none is begun for that. */
export function idleOutcome(environment: string, serving: string): DeployOutcome {
  const headline = `Nothing is left to do in ${environment}: no rollout is open to go on with, and this job begins none.`;
  return nothingToDo(headline, { serving, away: [] });
}

/** A training has led to a version while nothing may be rolled out: it is packed, and waits for a person. */
export function frozenOutcome(
  environment: string,
  {
    version,
    freeze,
    serving,
  }: { readonly version: string; readonly freeze: Freeze; readonly serving: string },
): DeployOutcome {
  const why = freeze.reason === '' ? '' : `: ${freeze.reason}`;
  const headline = `Version ${version} is packed and not rolled out: ${environment} is frozen by ${freeze.actor} since ${freeze.at}${why}. \`/unfreeze\`, and then \`/deploy v${version} ${environment}\`, rolls it out.`;
  return nothingToDo(headline, { serving, away: [] });
}

/** An end that a rollback without a version finds, where it takes nothing back. */
type LastEnd = { readonly last: RolloutOutcome; readonly here: EnvironmentState; readonly now: Instant };

/** What was asked for had been done before: by an agent, by evidence or by another person. Nothing is taken back twice. */
export function takenBackBefore(site: Omit<Site, 'model'>, end: LastEnd): DeployOutcome {
  const { last, here } = end;
  const serving = here.champion?.version ?? 'none';
  const back = here.previous === undefined ? '' : ` /rollback v${here.previous.version} goes further back.`;
  const headline = `Version ${last.version} was taken back from ${site.environment} ${agoOf(end)} ago: ${last.explanation} Version ${serving} serves, and nothing else was done.${back}`;
  return nothingTakenBack(site, end, headline);
}

/** The version that serves was promoted by a rollout that nobody could have meant: it began after the rollback was asked for. */
export function promotedSince(site: Omit<Site, 'model'>, end: LastEnd): DeployOutcome {
  const { version } = end.last;
  const { previous } = end.here;
  const back = previous === undefined ? '' : ` /rollback v${previous.version} takes it back.`;
  const headline = `Version ${version} was promoted in ${site.environment} ${agoOf(end)} ago, by a rollout that began after this was said: nothing was taken back.${back}`;
  return nothingTakenBack(site, end, headline);
}

function agoOf({ last, now }: LastEnd): string {
  return formatDuration(Math.max(0, secondsBetween(last.at, now)));
}

function nothingTakenBack(
  { away }: Pick<Site, 'away'>,
  { last, here }: LastEnd,
  headline: string,
): DeployOutcome {
  return nothingToDo(headline, { serving: here.champion?.version ?? '', away }, last);
}

/** Nothing was done; `more` is what a job that reads the result may want to know of why. */
function nothingToDo(
  headline: string,
  { serving, away }: { readonly serving: string; readonly away: readonly AwayHost[] },
  more: object = {},
): DeployOutcome {
  return {
    decision: 'complete',
    reasonCode: 'nothing-to-do',
    headline,
    report: {
      sign: 'nothing-to-do',
      blocks: [{ kind: 'paragraph', text: headline }, ...describeAway(away, returnsTo(serving))],
    },
    outputs: { outcome: 'none', 'serving-version': serving },
    result: { ...more, outcome: 'none', servingVersion: serving, ...awayData(away) },
  };
}

/** What was asked for serves already; hosts were brought to it in the package that the ledger has. */
export function restoredOutcome(
  { environment, away }: Omit<Site, 'model'>,
  serving: string,
  restored: readonly string[],
): DeployOutcome {
  const anew =
    restored.length === 0
      ? 'No host that was reached had to bring it up anew.'
      : `It was brought up anew, in its right package, on ${restored.join(', ')}.`;
  const left = away.map(({ url, why }) => ` ${url} was left as it is: ${why}`).join('');
  const headline = `Version ${serving} serves all of ${environment} already. ${anew}${left}`;
  return nothingToDo(headline, { serving, away }, { restored });
}

/** A return asked for what serves already, and nothing was taken back since that was promoted. */
export function servesAlready({ environment, away }: Omit<Site, 'model'>, serving: string): DeployOutcome {
  const headline = `Version ${serving} serves ${environment} already, and nothing was taken back.`;
  return nothingToDo(headline, { serving, away });
}

/** A version gave way to an earlier one on the word of a person, by the rollout that is on record for it. */
export function returnedOutcome(
  { environment, away }: Omit<Site, 'model'>,
  returned: { readonly rollout: string; readonly from: string; readonly serving: string },
): DeployOutcome {
  const { rollout, from, serving } = returned;
  const headline = `Version ${serving} serves ${environment}.`;
  return {
    decision: 'complete',
    reasonCode: 'rolled-back',
    headline,
    report: {
      sign: 'rolled-back',
      blocks: [{ kind: 'paragraph', text: headline }, ...describeAway(away, returnsTo(serving))],
    },
    outputs: { outcome: 'rolled-back', 'serving-version': serving },
    result: { outcome: 'rolled-back', rollout, from, servingVersion: serving, ...awayData(away) },
  };
}
