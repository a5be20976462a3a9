import { defaultEnvironment } from '../../core/config/config.ts';
import { messageOf } from '../../core/errors.ts';
import { registryAliases } from '../../core/identity/registry-aliases.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { environmentOf, type LedgerState } from '../../core/ledger/state.ts';
import { decideMonitor, type MonitorDecision } from '../../core/monitor/decide-monitor.ts';
import { describeRemedy } from '../../core/monitor/describe-remedy.ts';
import type { MonitorAction } from '../../core/monitor/finding.ts';
import { isQuiet } from '../../core/monitor/is-quiet.ts';
import { noticeOf } from '../../core/monitor/notice/notice.ts';
import { offerMute } from '../../core/monitor/offer-mute.ts';
import { reportMonitor } from '../../core/monitor/report-monitor.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { Log } from '../../core/ports.ts';
import { commentMarker } from '../../core/report/comment-marker.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Block, Report } from '../../core/report/report.ts';
import { ok } from '../../core/result.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf, ReasonCode } from '../job/outcome.ts';
import { registryFollows } from '../serving/registry-follows.ts';
import { type AskFor, createAskFor, MAX_REASON } from './ask-for.ts';
import { closeLostTrainings } from './close-lost-trainings.ts';
import { gatherInput } from './gather-input.ts';
import { keepPage, tellPage } from './keep-page.ts';
import type { Monitoring } from './monitor-context.ts';
import { repairHosts } from './repair-hosts.ts';
import { takeUpRollout } from './take-up-rollout.ts';
import { takeUpTrainings } from './take-up-trainings.ts';
import { tellSearches } from './tell-searches.ts';

type Checked = OutcomeOf<(typeof CONTRACTS)['monitor-check']>;

const REASON_CODES = {
  none: 'healthy',
  investigate: 'investigate',
  retrain: 'retrain-requested',
  rollback: 'rollback-requested',
  rebuild: 'rebuild-requested',
} as const satisfies Readonly<Record<MonitorAction, ReasonCode>>;

/**
 * Weighs what the hosts saw. It keeps no state of its own: everything is read and judged anew, changes are recorded in the
 * ledger, and what has to be done is asked for until it is done.
 */
export async function monitorCheck(monitoring: Monitoring): Promise<Checked> {
  const { request, ports } = monitoring;
  const askFor = createAskFor(monitoring);
  const { state, repaired } = await repair(monitoring, askFor);
  for (const line of repaired) ports.log.info(line);
  const { input, evidence } = await gatherInput(monitoring, state);
  const decision = decideMonitor(input);
  const isRecorded = decision.isChange || isQuiet(state, request.environmentName, ports.clock.now());
  if (isRecorded) await record(monitoring, decision);
  const page = await warnIfFailing(ports.log, 'The page could not be made', undefined, () =>
    keepPage(monitoring, { decision, input, evidence }),
  );
  const told: readonly Block[] = [
    ...(repaired.length === 0 ? [] : [{ kind: 'list', items: repaired } as const]),
    ...(page === undefined ? [] : [tellPage(page, request.runUrl)]),
  ];
  const report: Report = {
    sign: 'monitored',
    about: `${request.config.model} in ${request.environmentName}`,
    blocks: [...reportMonitor(decision, input), ...told],
  };
  const about = { model: request.config.model, environment: request.environmentName };
  const { champion } = environmentOf(state, about.environment);
  const remedy = describeRemedy(decision, about, champion?.version);
  // People read of it in the summary too; what has to be done is done whether or not an issue can be written.
  await warnIfFailing(ports.log, 'The issue could not be written', undefined, () =>
    announce(monitoring, decision, { remedy, report }),
  );
  await warnIfFailing(ports.log, 'The webhook could not be told', undefined, () =>
    tellOutside(monitoring, decision, { remedy, state }),
  );
  const sent =
    decision.action === 'retrain' ? await askForRetrain(monitoring, state, decision, askFor) : undefined;
  return {
    decision: decision.action === 'none' ? 'complete' : 'continue',
    reasonCode: REASON_CODES[decision.action],
    headline: `${decision.action}: ${decision.explanation}`,
    report,
    outputs: { action: decision.action, page: page?.file ?? '' },
    result: {
      ...{
        action: decision.action,
        wanted: decision.wanted,
        codes: decision.codes,
        muted: decision.muted,
        isChange: decision.isChange,
      },
      ...{ environment: request.environmentName, reasons: decision.reasons, repaired, dispatch: sent },
    },
  };
}

/** What was found undone and was seen to, in words, and the ledger after it. */
async function repair(
  monitoring: Monitoring,
  askFor: AskFor,
): Promise<{ readonly state: LedgerState; readonly repaired: readonly string[] }> {
  const { request, ports } = monitoring;
  const read = await ports.ledger.read(request.config.model);
  const takenUp = await warnIfFailing(ports.log, 'Nobody could be asked to take up the rollout', [], () =>
    takeUpRollout(monitoring, read, askFor),
  );
  // Hosts before services: nothing that another service does may keep them from what the ledger says.
  const broughtBack = await repairHosts(monitoring);
  const state = await warnIfFailing(ports.log, 'Lost trainings could not be looked for', read, () =>
    closeLostTrainings(monitoring, read),
  );
  const begunAgain = await warnIfFailing(ports.log, 'No lost training could be taken up', [], () =>
    takeUpTrainings(monitoring, state, askFor),
  );
  await warnIfFailing(ports.log, 'How far searches are could not be told', undefined, () =>
    tellSearches(monitoring, state),
  );
  const registry = { registry: ports.tracking, log: ports.log };
  const { environmentName: environment } = request;
  const aliases = registryAliases(environment, defaultEnvironment(request.config));
  const moved = await registryFollows(registry, state, { environment, aliases });
  return { state, repaired: [...takenUp, ...begunAgain, ...moved, ...broughtBack] };
}

/** What others need not wait for: its failure is told, and the check goes on with `otherwise`. */
async function warnIfFailing<T>(
  log: Pick<Log, 'warn'>,
  what: string,
  otherwise: T,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    log.warn(`${what}: ${messageOf(thrown)}`);
    return otherwise;
  }
}

async function record({ request, ports }: Monitoring, decision: MonitorDecision): Promise<void> {
  const { action, codes, explanation, muted, lost } = decision;
  const environment = request.environmentName;
  const context = { ...request.author, at: ports.clock.now() };
  const data = {
    ...{ action, environment, codes: [...codes], explanation },
    ...(muted.length > 0 && { muted: [...muted] }),
    ...(lost.length > 0 && { lost: [...lost] }),
  };
  const event = createEvent(context, 'monitor.judged', data, environment, action);
  await appendOrThrow(ports.ledger, request.config.model, () => ok([event]));
}

/** One issue per model and environment: opened by trouble, kept up to date also while what may end it is waited for, closed when it is over. */
async function announce(
  { request, ports }: Monitoring,
  decision: MonitorDecision,
  { remedy, report }: { readonly remedy: string; readonly report: Report },
): Promise<void> {
  const { action, wanted } = decision;
  const { model } = request.config;
  const environment = request.environmentName;
  const marker = commentMarker(`monitor/${model}/${environment}`);
  const told: Block = { kind: 'paragraph', text: remedy };
  const offer = offerMute(decision, { model, environment });
  const place = { kind: 'issue', runUrl: request.runUrl } as const;
  const body = renderMarkdown({ ...report, blocks: [told, ...offer, ...report.blocks] }, place);
  if (wanted === 'none') return ports.github.closeIssue(marker, body);
  const title = `${model} in ${environment} needs attention: ${action === 'none' ? wanted : action}`;
  await ports.github.upsertIssue(title, marker, body);
}

/** Tells the service that the webhook leads to, if there is one, and if there is anything new to tell. */
async function tellOutside(
  { request, ports }: Monitoring,
  decision: MonitorDecision,
  { remedy, state }: { readonly remedy: string; readonly state: LedgerState },
): Promise<void> {
  const { config, environmentName: environment, runUrl } = request;
  const { model } = config;
  const isRepeated = config.monitor.notify === 'pagerduty';
  const at = ports.clock.now();
  const notice = noticeOf({ decision, state, remedy, model, environment, runUrl, at, isRepeated });
  if (notice !== undefined) await ports.sendNotice?.(notice);
}

/**
 * Asks for a training. The id follows from what the ledger knows: asking again before the plan job has recorded it is a replay, so a
 * lost dispatch is sent again and a delivered one starts nothing twice.
 */
async function askForRetrain(
  { request }: Monitoring,
  state: LedgerState,
  { explanation, codes }: MonitorDecision,
  askFor: AskFor,
): Promise<string | undefined> {
  const { model } = request.config;
  const environment = request.environmentName;
  const version = environmentOf(state, environment).champion?.version ?? '0';
  return askFor(DISPATCH_TYPES.retrain, {
    id: `retrain-${state.retrains.length + 1}-v${version}-${environment}-${model}`,
    body: { reason: explanation.slice(0, MAX_REASON), codes: [...codes] },
  });
}
