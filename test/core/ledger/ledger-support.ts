import type { Cause } from '../../../core/ledger/cause.ts';
import { createEvent, type EventContext } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData, LedgerEventKind } from '../../../core/ledger/event.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import type { RecordedEvent } from '../../../core/ledger/lines/read-event.ts';
import type { SearchSummary } from '../../../core/ledger/search/search-summary.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';

export const DIGEST = `sha256:${'ab'.repeat(32)}`;
const START = Date.parse('2026-11-01T00:00:00.000Z');

/** The instant `minutes` after the first of November. */
export function minute(minutes: number): string {
  return new Date(START + minutes * 60_000).toISOString();
}

export function contextOf(id: string, at = minute(0), kind: Cause['kind'] = 'comment'): EventContext {
  return {
    model: 'mnist',
    at,
    actor: 'ada',
    cause: { kind, id },
    workflow: { repository: 'acme/digits', run: '1', attempt: 1, sha: 'abc' },
  };
}

/** A scribe whose events each come a minute after the last. */
export function startScribe() {
  let minutes = 0;
  return function write<K extends LedgerEventKind>(
    kind: K,
    data: LedgerEventData<K>,
    cause = `c${minutes}`,
    causeKind: Cause['kind'] = 'comment',
  ): LedgerEvent {
    minutes += 1;
    return createEvent(contextOf(cause, minute(minutes), causeKind), kind, data);
  };
}

export type Scribe = ReturnType<typeof startScribe>;

/** A search that is over, and found `lr` to be best at 0.1. */
export function searchSummary(changed: Partial<SearchSummary> = {}): SearchSummary {
  return {
    ...{ runId: 'r', study: 's', metric: 'acc', direction: 'maximize', seed: 0 },
    ...{ asked: 2, complete: 2, pruned: 0, dataDigest: DIGEST, resultDigest: DIGEST },
    best: { trial: 1, runId: 'trial', value: 0.9, parameters: { lr: 0.1 } },
    ...changed,
  };
}

/** A judged, registered and packaged version. */
export function writeVersion(
  write: Scribe,
  version: string,
  verdict: 'pass' | 'fail' = 'pass',
): readonly LedgerEvent[] {
  const runId = `run-${version}`;
  const judged = { runId, verdict, headline: 'Judged.', holdoutDigest: DIGEST, evidenceDigest: DIGEST };
  return [
    write('gate.judged', judged),
    write('version.registered', { version, runId, modelUri: `models:/m-${version}`, modelDigest: DIGEST }),
    write('package.built', { version, package: packageOf(version), runId, artifactPath: 'p', sizeBytes: 1 }),
  ];
}

export function packageOf(version: string): string {
  return `mnist@sha256:${version.padStart(64, '0')}`;
}

/** A rollout from its start, without stable while nothing serves. */
export function startOf(version: string, stable?: string): LedgerEventData<'rollout.started'> {
  return {
    rollout: `r${version}`,
    environment: 'production',
    version,
    package: packageOf(version),
    hosts: ['https://a:1'],
    stages: [1, 10, 100],
    alpha: 0.01,
    ...(stable === undefined ? {} : { stable }),
  };
}

export function promotionOf(version: string): LedgerEventData<'rollout.promoted'> {
  return {
    rollout: `r${version}`,
    environment: 'production',
    version,
    package: packageOf(version),
    explanation: 'No harm seen.',
  };
}

export function fold(events: readonly RecordedEvent[]): LedgerState {
  return foldLedger('mnist', events);
}
