import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { verifyDispatch } from '../../adapters/dispatch-signature.ts';
import { findModels } from '../../adapters/find-models.ts';
import { findCommit } from '../../adapters/git/find-commit.ts';
import { createNonce } from '../../adapters/seal.ts';
import type { Config } from '../../core/config/config.ts';
import { optional } from '../../core/config/optional.ts';
import { messageOf } from '../../core/errors.ts';
import type { Remembered } from '../../core/ledger/head/ledger-head.ts';
import { describeEvent, type EventFacts, findDefaultBranch } from '../../core/plan/describe-event.ts';
import type { AgentPort, Log } from '../../core/ports.ts';
import { CONTRACTS } from '../job/contract.ts';
import { runAction } from '../job/harness.ts';
import type { Host } from '../job/host.ts';
import { findEarlierModel, readInAnyCase } from '../job/read-in-any-case.ts';
import { connectGitHub, connectLedger, readConfigAndText } from '../job/wiring.ts';
import { askHeads } from '../serving/ask-heads.ts';
import { connectAgents } from '../serving/wiring.ts';
import { createAnswering } from './answering.ts';
import { forecastRollout } from './forecast-rollout.ts';
import { type PlanPorts, type PlanRequest, plan } from './plan.ts';
import { readDisk } from './read-disk.ts';

type Wanted = Parameters<typeof readInAnyCase>[1];

/** Plan talks to no tracking server and no search storage, so it needs none of their addresses. */
const NEEDS = [
  'model',
  'project',
  'data',
  'gate',
  'box',
  'serving',
  'environments',
  'monitor',
  'commands',
] as const;

/**
 * What makes safe, and what only tells, needs to know who may command and what the environments are called; hosts are asked
 * nothing that it can't do without. Whatever is wrong elsewhere in the file stops neither.
 */
const IN_ANY_CASE = { needs: ['commands'], only: ['environments', 'commands'] } as const;

/** The plan action: what the event asks for. */
export function main(): Promise<void> {
  return runAction(CONTRACTS.plan, async ({ inputs, host, log, reportTo }) => {
    const { eventName, payload, actor, workflow, runUrl } = host;
    const token = inputs['github-token'];
    const secret = inputs['dispatch-secret'];
    const github = token === '' ? undefined : await connectGitHub(host, token, log);
    const file = path.posix.normalize(inputs.config);
    const wanted = { file, token, log, options: IN_ANY_CASE };
    const models = await listModels(host, wanted);
    const facts = describeEvent({ eventName, payload, actor, models });
    const { answerFailure } = createAnswering({ github, log }, facts, { file, runUrl });
    reportTo(async ({ decision, report }) => {
      if (decision === 'failure') await answerFailure(report);
    });
    const { config, text } = await readPolicy(host, wanted, facts);
    const purpose = facts.effect === 'guards' ? 'take-back' : 'all';
    return plan(
      {
        ...{ eventName, payload, actor, workflow, runUrl },
        repository: workflow.repository,
        // A schedule's event may not name it; the branch it runs for is the default one.
        defaultBranch: findDefaultBranch(payload) ?? host.env['GITHUB_REF_NAME'] ?? 'main',
        sha: workflow.sha,
        runId: workflow.run,
        ...{ attempt: workflow.attempt, config, models },
        disk: await readDisk(host.workspace, config),
        policy: { file, text, ...optional('sha', await findCommit(host.workspace, host.run)) },
        verifySignature: (type, report) => verifyDispatch(secret, type, report),
      },
      {
        ledger: await connectLedger(host, token, { log, seen: undefined, purpose }),
        github,
        ...{ clock: systemClock, log, createNonce },
        forecast: connectForecast(host, config, log),
        afterwards: reportTo,
        remembered: () => askAllHosts(host, config, log),
      },
    );
  });
}

/** The model of the file, also where that can't be read now, and all models of the repository. */
async function listModels(host: Host, wanted: Wanted): Promise<PlanRequest['models']> {
  const found = await findModels(host.workspace, wanted.file);
  const own = found.own ?? (await findEarlierModel(host, wanted)) ?? '';
  const all = new Set(own === '' ? found.all : [...found.all, own]);
  return { own, all: [...all].toSorted() };
}

/** The file that the plan goes by: faultless, but for what makes safe and what only tells. */
async function readPolicy(
  host: Host,
  wanted: Wanted,
  { effect }: EventFacts,
): Promise<{ readonly config: Config; readonly text: string }> {
  if (effect === 'guards' || effect === 'tells') return readInAnyCase(host, wanted);
  return readConfigAndText(host, wanted.file, { needs: NEEDS });
}

/** Asks the hosts of an environment, and nobody where there is no such environment. */
function connectForecast(host: Host, config: Config, log: Log): PlanPorts['forecast'] {
  return async (name) => {
    const environment = config.environments[name];
    if (environment === undefined) return undefined;
    const agents = connectAgents(host, { environment, environmentName: name });
    const { model } = config;
    return forecastRollout({ agents, model, plan: environment.rollout, now: systemClock.now(), log });
  };
}

/** What the hosts of every environment remember of the ledger. Those that this job may not ask are silent. */
async function askAllHosts(host: Host, config: Config, log: Log): Promise<Remembered> {
  const barred: string[] = [];
  const agents = Object.entries(config.environments).flatMap(
    ([environmentName, environment]): readonly AgentPort[] => {
      try {
        return connectAgents(host, { environment, environmentName });
      } catch (thrown) {
        log.warn(
          `Nobody knows what hosts of ${environmentName} remember of the ledger: ${messageOf(thrown)}`,
        );
        barred.push(...environment.hosts);
        return [];
      }
    },
  );
  const told = await askHeads(agents, config.model);
  return { ...told, silent: [...told.silent, ...barred] };
}
