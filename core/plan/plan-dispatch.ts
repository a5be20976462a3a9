import { z } from 'zod';
import { versionSchema } from '../identity/version.ts';
import { secondsBetween } from '../instant.ts';
import { findHeeded } from '../ledger/find-promotion.ts';
import { environmentOf } from '../ledger/state.ts';
import { DISPATCH_TYPES, type DispatchType } from '../names.ts';
import {
  type DispatchPayload,
  dispatchPayloadSchema,
  MAX_PAYLOAD_CHARACTERS,
  MAX_PAYLOAD_KEYS,
  MAX_REPORT_AGE_DAYS,
  resumptionSchema,
  trainingWishSchema,
} from '../serving/dispatch-payload.ts';
import { isOthersTurn } from '../serving/is-others-turn.ts';
import { checkRetrain } from './check-retrain.ts';
import { findEnvironment } from './choose-environment.ts';
import { type Ignored, ignore, type PlanDecision, type Refused, refuse } from './decision.ts';
import type { Operation } from './hand-over.ts';
import { dispatchSchema } from './payloads.ts';
import type { PlanInput } from './plan-input.ts';
import { planReturn } from './plan-return.ts';
import { resolveOperation } from './resolve-operation.ts';
import { planResumption } from './training/plan-resumption.ts';

const DAY_SECONDS = 86_400;
/** How far a sender's clock may run ahead. */
const MAX_AHEAD_SECONDS = 600;

const OPERATION_OF: Readonly<Record<DispatchType, Operation>> = {
  [DISPATCH_TYPES.heartbeat]: 'monitor',
  [DISPATCH_TYPES.drift]: 'monitor',
  [DISPATCH_TYPES.labelDrift]: 'monitor',
  [DISPATCH_TYPES.brake]: 'brake',
  [DISPATCH_TYPES.rollout]: 'advance',
  [DISPATCH_TYPES.retrain]: 'train',
};

/** The code of the brake by which a host returns to the stable version because no job has been heard. */
const LOST_CONTACT = 'lease-expired';
const reasonSchema = z.string().max(500);

type Report = { readonly type: DispatchType; readonly payload: DispatchPayload };

/** A report of an agent or of monitor-check: obeyed only when it is whole, signed, fresh and new. */
export function planDispatch(input: PlanInput): PlanDecision {
  const report = readReport(input);
  if ('kind' in report) return report;
  const untrusted = checkReport(input, report);
  if (untrusted !== undefined) return untrusted;
  const { type, payload } = report;
  const environment = findEnvironment(input.config, payload.environment);
  if (!environment.ok) return environment.error;
  if (type === DISPATCH_TYPES.retrain && 'resume' in payload.body) {
    const wish = resumptionSchema.safeParse(payload.body);
    return wish.success ? planResumption(wish.data, input) : broken(firstIssue(wish.error));
  }
  const returned = planReturn(input, report, environment.value);
  if (returned !== undefined) return returned;
  // A host that only lost contact has seen no harm: its rollout is gone on with, which raises traffic again.
  const hasLostContact = type === DISPATCH_TYPES.brake && payload.body['code'] === LOST_CONTACT;
  const operation = hasLostContact ? 'advance' : OPERATION_OF[type];
  const obstacle = checkObstacle(input, operation, payload);
  if (obstacle !== undefined) return obstacle;
  const request = {
    operation,
    sha: input.sha,
    parameters: {},
    cause: { kind: 'dispatch', id: payload.id } as const,
    actor: payload.from,
    dryRun: false,
  };
  if (operation === 'train') {
    const wish = trainingWishSchema.safeParse(payload.body);
    if (!wish.success) return broken(firstIssue(wish.error));
    return resolveOperation(
      { ...request, ...wish.data, environment: environment.value },
      input.config,
      input.state,
    );
  }
  const version = versionSchema.safeParse(payload.body['version']);
  const said = reasonSchema.safeParse(payload.body['explanation']);
  // A report goes on with what is already under way: what may be begun anew is not asked here.
  return {
    kind: 'operation',
    ...request,
    environment: environment.value,
    ...(version.success && { version: version.data }),
    ...(operation === 'brake' && brakedOf(payload, said.data)),
    correlationId: payload.id,
  };
}

/** What the job that ends a braked rollout is told of it. */
function brakedOf({ body }: DispatchPayload, reason: string | undefined) {
  const rollout = body['rollout'];
  return { ...(typeof rollout === 'string' && { rollout }), ...(reason !== undefined && { reason }) };
}

function readReport({ payload, config }: PlanInput): Report | Ignored | Refused {
  const event = dispatchSchema.safeParse(payload);
  if (!event.success) return broken('It has no readable type.');
  const type = Object.values(DISPATCH_TYPES).find((known) => known === event.data.action);
  if (type === undefined) return ignore('unknown-dispatch', `Trainyard knows no dispatch of this type.`);
  const body = event.data.client_payload ?? {};
  if (Object.keys(body).length > MAX_PAYLOAD_KEYS)
    return broken(`It has more than ${MAX_PAYLOAD_KEYS} keys.`);
  if (JSON.stringify(body).length > MAX_PAYLOAD_CHARACTERS) {
    return broken(`It has more than ${MAX_PAYLOAD_CHARACTERS} characters.`);
  }
  const read = dispatchPayloadSchema.safeParse(body);
  if (!read.success) return broken(firstIssue(read.error));
  if (read.data.model !== config.model) {
    return ignore('other-model', `The report is about another model than ${config.model}.`);
  }
  return { type, payload: read.data };
}

function checkReport(input: PlanInput, { type, payload }: Report): Ignored | Refused | undefined {
  const isSigned = input.verifySignature(type, payload);
  if (isSigned === undefined) {
    return refuse(
      'no-dispatch-secret',
      'This repository has no secret to check reports of that environment with, so none is believed.',
      "Store the agents' dispatch secret as a repository secret (one, or a line for each environment) and pass it to the plan step.",
    );
  }
  if (!isSigned) {
    return refuse(
      'bad-signature',
      'The signature of this report is wrong.',
      'Give the sender and the repository the same dispatch secret for that environment; if they have it, someone else sent this.',
    );
  }
  const age = secondsBetween(payload.at, input.now);
  if (age > MAX_REPORT_AGE_DAYS * DAY_SECONDS || age < -MAX_AHEAD_SECONDS) {
    return refuse(
      'stale',
      `The report says it is from ${payload.at}.`,
      "Check the sender's clock; old reports are not obeyed.",
    );
  }
  if (OPERATION_OF[type] === 'monitor' && age > input.config.monitor.everySeconds) {
    return ignore('looked-since', `The monitor has looked by itself since ${payload.at}.`);
  }
  if (input.attempt === 1 && input.state.dispatches.has(payload.id)) {
    return ignore('replayed', `Report ${payload.id} has been dealt with.`);
  }
  return undefined;
}

function checkObstacle(
  input: PlanInput,
  operation: Operation,
  { id, environment, body, hostId }: DispatchPayload,
): Ignored | Refused | undefined {
  if (operation === 'train') return checkRetrain(input, { id, environment });
  if (operation !== 'advance' && operation !== 'brake') return undefined;
  const here = environmentOf(input.state, environment);
  const { rollout } = here;
  const reported = body['rollout'];
  // What a host saw of the champion before it became that still counts: its job takes the champion back.
  const isOfChampion = typeof reported === 'string' && reported === findHeeded(here);
  if (operation === 'brake' && rollout === undefined && isOfChampion) return undefined;
  // A late report of a rollout that has ended must not begin another one, nor say anything of the next.
  if (rollout === undefined) {
    return ignore('rollout-over', `No rollout is in progress in ${environment}.`);
  }
  if (operation === 'brake' && typeof reported !== 'string') return broken('It names no rollout.');
  if (typeof reported === 'string' && reported !== rollout.id) {
    return ignore(
      'rollout-over',
      `The report is of another rollout than the one in progress, ${rollout.id}.`,
    );
  }
  if (
    operation === 'advance' &&
    isOthersTurn({ hostId, reminder: body['reminder'], hosts: rollout.hosts.length })
  ) {
    return ignore('reminded-by-others', 'All hosts remind of this stage in turn, and this one is not due.');
  }
  return undefined;
}

function firstIssue({ issues }: z.core.$ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`)[0] ?? '';
}

function broken(why: string): Refused {
  return refuse(
    'bad-payload',
    `This report can't be read. ${why}`,
    'Bring agents and actions to the same version.',
  );
}
