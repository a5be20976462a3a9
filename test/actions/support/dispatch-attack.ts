import { type PlanPorts, type PlanRequest, plan } from '../../../actions/plan/plan.ts';
import { signDispatch, verifyDispatch } from '../../../adapters/dispatch-signature.ts';
import { createNonce } from '../../../adapters/seal.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import type { Ledger } from '../../../core/ports.ts';
import { ok } from '../../../core/result.ts';
import { championEvents, createWorld, versionEvents } from './deployment.ts';

const SECRETS = 'staging=that-of-staging\nproduction=that-of-production';
/** When what they send was signed. */
export const AT = '2026-11-21T11:59:00.000Z';
/** Version 2 serves after version 1. */
export const SERVED = [
  ...versionEvents('1'),
  ...championEvents('1'),
  ...versionEvents('2'),
  ...championEvents('2', '1'),
];

/** Somebody who holds a dispatch secret, and a repository that hears them. */
export function attackByDispatch(events: readonly LedgerEvent[] = SERVED) {
  const world = createWorld(events);
  const { request, ports } = world.job({});
  const send = (
    type: string,
    change: { id?: string; body?: object; secret?: string; ledger?: Ledger } = {},
  ) => {
    const { id = `attack-${type}`, body = {}, secret = 'that-of-production', ledger = world.ledger } = change;
    const unsigned = {
      v: 1 as const,
      id,
      at: AT,
      from: 'monitor-check',
      model: 'mnist',
      environment: 'production',
    };
    const signed = signDispatch(secret, `trainyard.${type}`, { ...unsigned, body: { ...body } });
    const asked: PlanRequest = {
      ...{ eventName: 'repository_dispatch', repository: 'acme/digits', defaultBranch: 'main' },
      ...{ sha: 'b'.repeat(40), runId: '1', attempt: 1, actor: 'eve', runUrl: 'http://run' },
      payload: { action: `trainyard.${type}`, client_payload: signed },
      config: request.config,
      models: { own: 'mnist', all: ['mnist'] },
      policy: { file: 'trainyard.yml', text: '' },
      disk: { project: ok(undefined), hasHoldout: true },
      workflow: request.author.workflow,
      verifySignature: (of, report) => verifyDispatch(SECRETS, of, report),
    };
    const planPorts: PlanPorts = {
      ...{ ledger, github: undefined, clock: world.clock, log: ports.log },
      ...{
        forecast: async () => undefined,
        createNonce,
        afterwards: (work) => void work(),
        remembered: async () => ({ heads: [], silent: [] }),
      },
    };
    return plan(asked, planPorts);
  };
  return { world, send };
}

/** What a plan has decided: an operation, or the code of why none. */
export async function plannedCode(outcome: ReturnType<typeof plan>): Promise<unknown> {
  const { decision, result } = await outcome;
  return decision === 'continue' ? result['operation'] : result['code'];
}
