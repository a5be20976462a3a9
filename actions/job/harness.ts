import * as core from '@actions/core';
import { messageOf, type Problem, UserError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { annotationOf } from '../../core/report/annotation-of.ts';
import { plainLine, plainLines } from '../../core/report/plain-text.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Report } from '../../core/report/report.ts';
import { VERSION } from '../../core/version.ts';
import { COMMON_OUTPUTS, type Contract, type InputsOf } from './contract.ts';
import { type Host, readHost, secretsOf } from './host.ts';
import {
  causesOf,
  FailedLater,
  NOTEWORTHY,
  type Outcome,
  type OutcomeOf,
  outcomeOfError,
} from './outcome.ts';

/** GitHub shows this many annotations of one step; the rest are lines of the log. */
const MAX_ANNOTATIONS = 10;

/** Of what a job says in one line, so much is handed on, in characters: all jobs of a chain are told of together. */
const MAX_HEADLINE = 2_000;

/** Everything an action's flow gets from the runner. */
export type Job<C extends Contract> = {
  readonly name: string;
  readonly inputs: InputsOf<C>;
  readonly host: Host;
  readonly log: Log;
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Names who else hears how it ended, however it ends: a pull request's comment. */
  readonly reportTo: (reporter: Reporter) => void;
};
type Reporter = (outcome: Outcome) => Promise<void>;

/** Runs one action: reads its inputs, does the work, and always ends in one `finish`. */
export async function runAction<C extends Contract>(
  contract: C,
  work: (job: Job<C>) => Promise<OutcomeOf<C>>,
): Promise<void> {
  log.info(`Trainyard ${VERSION}, ${contract.name}`);
  for (const secret of secretsOf(process.env)) core.setSecret(secret);
  const reporters: Reporter[] = [];
  const outcome = await attempt(contract, reporters, work);
  await finish(contract, outcome, reporters);
}

async function attempt<C extends Contract>(
  contract: C,
  reporters: Reporter[],
  work: (job: Job<C>) => Promise<OutcomeOf<C>>,
): Promise<Outcome> {
  try {
    return await work({
      name: contract.name,
      inputs: readInputs(contract),
      host: readHost(process.env, await readContext(), log),
      log,
      signal: watchCancellation(),
      reportTo: (reporter) => reporters.push(reporter),
    });
  } catch (thrown) {
    annotate(thrown instanceof FailedLater ? thrown.cause : thrown);
    return outcomeOfError(thrown);
  }
}

/** The toolkit parses the event when it is loaded: at the top of this file a damaged one would end the action before its `finish`. */
async function readContext() {
  try {
    return (await import(/* webpackMode: "eager" */ './run-context.ts')).context;
  } catch (thrown) {
    throw new UserError(
      [
        {
          code: 'event-unreadable',
          message: `The event in ${process.env['GITHUB_EVENT_PATH']} can't be read: ${messageOf(thrown)}.`,
          remedy: 'Run the job again; the runner writes this file anew.',
        },
      ],
      { cause: thrown },
    );
  }
}

/** The one way out: outputs, log, summary, comment and exit code, from the same outcome. */
async function finish(contract: Contract, outcome: Outcome, reporters: readonly Reporter[]): Promise<void> {
  const { decision, reasonCode } = outcome;
  const result = {
    schema_version: 1,
    action: contract.name,
    decision,
    reason_code: reasonCode,
    ...outcome.result,
  };
  const headline = plainLine(outcome.headline);
  const values: Record<string, string | undefined> = {
    ...outcome.outputs,
    decision,
    'reason-code': reasonCode,
    headline: Array.from(headline).slice(0, MAX_HEADLINE).join(''),
    result: JSON.stringify(result),
  };
  for (const name of [...COMMON_OUTPUTS, ...contract.outputs]) core.setOutput(name, values[name] ?? '');
  log.info(`${contract.name}: ${decision} (${reasonCode}). ${headline}`);
  if (decision === 'stop' && NOTEWORTHY.has(reasonCode)) log.warn(headline);
  await warnOnly('The job summary', () => writeSummary(outcome.report));
  for (const report of reporters) await warnOnly('The comment', () => report(outcome));
  if (decision === 'failure') process.exitCode = core.ExitCode.Failure;
}

async function writeSummary(report: Report): Promise<void> {
  if (process.env['GITHUB_STEP_SUMMARY'] === undefined) return;
  await core.summary.addRaw(renderMarkdown(report, { kind: 'summary' }), true).write();
}

async function warnOnly(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    log.warn(`${what} could not be written: ${messageOf(thrown)}`);
  }
}

function readInputs<C extends Contract>(contract: C): InputsOf<C> {
  const problems: Problem[] = [];
  const values = Object.entries(contract.inputs).map(([name, input]) => {
    const given = core.getInput(name);
    // A default that is an expression is the runner's to fill in; outside a runner there is none.
    const fallback = input.fallback.startsWith('${{') ? '' : input.fallback;
    const text = given === '' ? fallback : given;
    if (input.secret && text !== '') core.setSecret(text);
    const value = input.parse(text);
    if (value === undefined) problems.push(invalidInput(contract.name, name, text, input.expects));
    return [name, value] as const;
  });
  const [first, ...rest] = problems;
  if (first !== undefined) throw new UserError([first, ...rest]);
  // The boundary where texts become typed inputs: each value was made by the parser of its own name.
  return Object.fromEntries(values) as InputsOf<C>;
}

function invalidInput(action: string, name: string, text: string, expects: string): Problem {
  return {
    code: 'invalid-input',
    message: `The input ${name} of ${action} is ${JSON.stringify(text)}.`,
    remedy: `Give ${expects}.`,
  };
}

function annotate(thrown: unknown): void {
  if (thrown instanceof UserError) {
    for (const problem of thrown.problems.slice(0, MAX_ANNOTATIONS)) annotateProblem(problem);
    for (const problem of thrown.problems.slice(MAX_ANNOTATIONS))
      log.info(`${problem.message} ${problem.remedy}`);
    return;
  }
  core.error(plainLine(outcomeOfError(thrown).headline));
  for (const cause of causesOf(thrown).slice(1)) log.info(`  caused by: ${messageOf(cause)}`);
  if (thrown instanceof Error) core.debug(plainLines(thrown.stack ?? thrown.message));
}

function annotateProblem(problem: Problem): void {
  const { message, ...place } = annotationOf(problem);
  core.error(plainLines(message), place);
}

function watchCancellation(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

/** Whatever is printed passes here, or is made plain where it is: lines may come from a model, its data or its author. */
const log: Log = {
  info: (line) => core.info(plainLines(line)),
  warn: (line) => core.warning(plainLines(line)),
  group: (title, work) => core.group(plainLine(title), work),
};
