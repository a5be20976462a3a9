import { type Instant, isBefore, secondsBetween } from '../instant.ts';
import { checkEvent } from './check-event.ts';
import type { Envelope } from './envelope.ts';
import type { LedgerEvent } from './event.ts';
import { startFold } from './fold.ts';
import { CLOCK_SLACK_SECONDS } from './lines/clock-slack.ts';
import type { RecordedEvent } from './lines/read-event.ts';
import type { LedgerState } from './state.ts';
import type { StatementSubject } from './statement.ts';

/** Something in the ledger that should not be there, or is missing. `error` breaks a rule, `warning` deserves a look. */
export type AuditFinding = {
  readonly level: 'error' | 'warning';
  readonly code: string;
  /** The event it is about, where there is one. */
  readonly event?: string;
  readonly message: string;
};

/** What is to be said of an envelope, or nothing: signature and statement checked against the state before the event. */
export type CheckEnvelope = (
  envelope: Envelope,
  subject: StatementSubject,
) => readonly Omit<AuditFinding, 'event'>[];

type AuditOptions = {
  /** Without it signatures are not looked at. */
  readonly checkEnvelope?: CheckEnvelope;
  readonly now: Instant;
  /** The digest of each event's line, by which a statement's head of the ledger is found again. */
  readonly digests?: readonly string[];
};

/** Goes through the events of one model as they were recorded and names all that breaks the ledger's rules. */
export function auditLedger(
  model: string,
  events: readonly RecordedEvent[],
  options: AuditOptions,
): readonly AuditFinding[] {
  const findings: AuditFinding[] = [];
  const counted: string[] = [];
  const fold = startFold(model);
  for (const [index, event] of events.entries()) {
    if (event.model !== model) {
      const message = `It is of ${event.model}, in the files of ${model}.`;
      findings.push({ level: 'error', code: 'other-model', event: event.id, message });
    } else if (fold.state().ids.has(event.id)) {
      const message = 'Its id came before; it counts once.';
      findings.push({ level: 'warning', code: 'duplicate', event: event.id, message });
    } else if (event.kind === 'unknown') {
      const message = `Its kind \`${event.data.kind}\` is of a newer version; audit with that.`;
      findings.push({ level: 'warning', code: 'unknown-kind', event: event.id, message });
    } else {
      const origin = { commit: '', replaces: [], digests: counted };
      findings.push(...auditEvent(event, { ...fold.state(), origin }, options));
    }
    if (fold.add(event)) counted.push(options.digests?.[index] ?? '');
  }
  return [...findings, ...auditState(fold.state(), options.now)];
}

function auditEvent(event: LedgerEvent, before: LedgerState, options: AuditOptions): readonly AuditFinding[] {
  const findings: AuditFinding[] = [];
  const broken = checkEvent(before, event);
  if (broken !== undefined) {
    const { code, message } = broken;
    findings.push({ level: 'error', code, event: event.id, message });
  }
  if (secondsBetween(options.now, event.at) > CLOCK_SLACK_SECONDS) {
    const message = `It says ${event.at}, which has not come.`;
    findings.push({ level: 'error', code: 'future', event: event.id, message });
  }
  const last = before.lastEventAt;
  if (last !== undefined && secondsBetween(event.at, last) > CLOCK_SLACK_SECONDS) {
    const message = `It says ${event.at}, after an event of ${last}.`;
    findings.push({ level: 'warning', code: 'time-order', event: event.id, message });
  }
  return [...findings, ...auditSignature(event, before, options.checkEnvelope)];
}

function auditSignature(
  event: LedgerEvent,
  state: LedgerState,
  checkEnvelope: CheckEnvelope | undefined,
): readonly AuditFinding[] {
  if (checkEnvelope === undefined) return [];
  if (event.kind !== 'rollout.started' && event.kind !== 'rollout.promoted') return [];
  const { envelope, version, environment } = event.data;
  if (envelope === undefined) {
    const message = `Version ${version} has no signed statement.`;
    return [{ level: 'error', code: 'unsigned', event: event.id, message }];
  }
  const subject = { state, version, package: event.data.package, environment };
  return checkEnvelope(envelope, subject).map((found) => ({ ...found, event: event.id }));
}

function auditState(state: LedgerState, now: Instant): readonly AuditFinding[] {
  const expired = Object.values(state.locks).filter(({ expiresAt }) => isBefore(expiresAt, now));
  return expired.map(({ lock, environment, holder, expiresAt }) => ({
    level: 'warning',
    code: 'expired-lock',
    message: `The ${lock} lock${environment === undefined ? '' : ` of ${environment}`} expired at ${expiresAt}; ${holder} never released it.`,
  }));
}
