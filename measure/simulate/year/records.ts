import type { Cause } from '../../../core/ledger/cause.ts';
import { createEvent, type EventContext } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import type { MonitorDecision } from '../../../core/monitor/decide-monitor.ts';
import { SIMULATED_HOST } from '../traffic.ts';
import { MODEL } from './model.ts';

export const ENVIRONMENT = 'production';
const HEX = 64;

/** The package of a version. */
export function packageOf(version: string): string {
  return `${MODEL}@${digestOf(version)}`;
}

/** What monitor-check writes of a decision that is a change. */
export function recordDecision(at: string, decision: MonitorDecision): LedgerEvent {
  const { action, codes, explanation, muted, lost } = decision;
  const data = {
    ...{ action, environment: ENVIRONMENT, codes: [...codes], explanation },
    ...(muted.length > 0 && { muted: [...muted] }),
    ...(lost.length > 0 && { lost: [...lost] }),
  };
  return createEvent(
    contextOf(at, { kind: 'schedule', id: `check-${at}` }),
    'monitor.judged',
    data,
    ENVIRONMENT,
    action,
  );
}

/** What plan writes of a training that was asked for. */
export function recordRequest(at: string, cause: Cause): LedgerEvent {
  const data = { operation: 'train', sha: 'abc', parameters: {}, environment: ENVIRONMENT } as const;
  return createEvent(contextOf(at, cause), 'training.requested', data);
}

/** The end of that training: without a model. */
export function recordFailure(at: string, cause: Cause): LedgerEvent {
  const data = { runId: cause.id, status: 'failed' } as const;
  return createEvent(contextOf(at, cause), 'training.finished', data);
}

/** The end of that training, and the way of its model to the hosts. */
export function recordVersion(at: string, cause: Cause, version: string): readonly LedgerEvent[] {
  const context = contextOf(at, cause);
  const model = { runId: cause.id, modelUri: `models:/${MODEL}/${version}`, modelDigest: digestOf(version) };
  const named = { version, package: packageOf(version) };
  const rollout = { rollout: `rollout-${version}`, environment: ENVIRONMENT, ...named };
  const judged = {
    verdict: 'pass',
    headline: '',
    holdoutDigest: digestOf('1'),
    evidenceDigest: digestOf('2'),
  } as const;
  return [
    createEvent(context, 'training.finished', { ...model, status: 'finished' }),
    createEvent(context, 'gate.judged', { runId: cause.id, ...judged }),
    createEvent(context, 'version.registered', { version, ...model }),
    createEvent(context, 'package.built', {
      ...named,
      runId: cause.id,
      artifactPath: 'package',
      sizeBytes: 1,
    }),
    createEvent(context, 'rollout.started', {
      ...{ ...rollout, hosts: [SIMULATED_HOST.host], stages: [100], alpha: 0.01 },
    }),
    createEvent(context, 'rollout.promoted', { ...rollout, explanation: '' }),
  ];
}

function contextOf(at: string, cause: Cause): EventContext {
  return {
    ...{ model: MODEL, at, actor: 'trainyard[bot]', cause },
    workflow: { repository: 'team/models', run: cause.id, attempt: 1, sha: 'abc' },
  };
}

/** A digest that is told apart by this number. */
function digestOf(number: string): string {
  return `sha256:${number.padStart(HEX, '0')}`;
}
