import fc from 'fast-check';
import type { Cause } from '../../../core/ledger/cause.ts';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData, LedgerEventKind } from '../../../core/ledger/event.ts';
import { contextOf, DIGEST, minute, packageOf, promotionOf, startOf } from './ledger-support.ts';

const version = fc.constantFrom('1', '2', '3', '4');
/** Names that come from people, and two that every object has. */
const environment = fc.constantFrom('staging', 'production', '__proto__', 'constructor');
const rollout = fc.constantFrom('r1', 'r2', 'r3');
const runId = fc.constantFrom('run-1', 'run-2', '__proto__');
const code = fc.constantFrom('host-lost', 'drift:a', 'constructor');
const explanation = fc.constant('');
const isOn = fc.boolean();

type Pair = { [K in LedgerEventKind]: readonly [K, LedgerEventData<K>] }[LedgerEventKind];

const pair: fc.Arbitrary<Pair> = fc.oneof(
  fc.boolean().map((follows): Pair => {
    const then = follows ? { next: 'train' as const } : {};
    return ['training.requested', { operation: 'tune', sha: 'a', parameters: {}, ...then }];
  }),
  runId.map((run): Pair => {
    const best = { trial: 1, runId: 'trial-1', value: 0.9, parameters: { lr: 0.1 } };
    const told = { study: 's', metric: 'm', direction: 'maximize' as const, seed: 0, asked: 2 };
    const digests = { dataDigest: DIGEST, resultDigest: DIGEST };
    return ['search.finished', { ...told, runId: run, complete: 2, pruned: 0, best, ...digests }];
  }),
  fc.integer({ min: 1, max: 2 }).map((round): Pair => ['training.resumed', { round }]),
  runId.map((run): Pair => ['training.started', { runId: run, sha: 'b' }]),
  fc
    .record({ runId, status: fc.constantFrom('finished' as const, 'failed' as const) })
    .map((data): Pair => ['training.finished', data]),
  fc.nat(3).map((seen): Pair => {
    const said = { sha: `s${seen}`, path: 'h.csv', target: 'y', slices: [], metrics: {} };
    return ['holdout.fixed', { ...said, digest: DIGEST, seen }];
  }),
  fc.nat(3).map((seen): Pair => {
    const contract = { task: 'binary', classes: ['0', '1'] } as const;
    return ['answers.fixed', { sha: `s${seen}`, contract: { ...contract }, declared: ['task'], seen }];
  }),
  fc.record({ runId, verdict: fc.constantFrom('pass' as const, 'fail' as const) }).map((data): Pair => {
    const digests = { holdoutDigest: DIGEST, evidenceDigest: DIGEST };
    return ['gate.judged', { ...data, headline: '', ...digests }];
  }),
  fc
    .record({ version, runId })
    .map((data): Pair => ['version.registered', { ...data, modelUri: 'm', modelDigest: DIGEST }]),
  version.map((of): Pair => {
    const data = { version: of, package: packageOf(of), runId: 'r', artifactPath: '', sizeBytes: 1 };
    return ['package.built', data];
  }),
  fc
    .record({ version, environment, rollout })
    .map((data): Pair => ['rollout.started', { ...startOf(data.version), ...data }]),
  fc
    .record({ rollout, environment, version, stage: fc.nat(2), percent: fc.constantFrom(1, 10), explanation })
    .map((data): Pair => ['rollout.advanced', data]),
  fc
    .record({ rollout, environment, code: fc.constantFrom('held', 'no-data'), explanation })
    .map((data): Pair => ['rollout.held', data]),
  fc.record({ rollout, environment }).map((data): Pair => ['rollout.resumed', data]),
  fc
    .record({ version, environment, rollout })
    .map((data): Pair => ['rollout.promoted', { ...promotionOf(data.version), ...data }]),
  fc
    .record({ rollout, environment, version, stable: version, code: fc.constant('x'), explanation })
    .map((data): Pair => ['rollout.rolled-back', data]),
  fc.record({ isOn, environment }).map(({ isOn: isTaken, environment: name }): Pair => {
    const lock = { lock: 'deploy', environment: name, holder: 'a' } as const;
    return isTaken ? ['lock.acquired', { ...lock, expiresAt: minute(5) }] : ['lock.released', lock];
  }),
  fc
    .record({ isOn, name: fc.option(environment, { nil: undefined }) })
    .map(({ isOn: isCold, name }): Pair => {
      const where = name === undefined ? {} : { environment: name };
      return isCold ? ['frozen', { ...where, reason: '' }] : ['unfrozen', where];
    }),
  fc.record({ environment, lost: fc.subarray(['https://a:1', '__proto__']) }).map((data): Pair => {
    return ['monitor.judged', { action: 'none', ...data, codes: [], explanation: '' }];
  }),
  fc
    .record({ isOn, environment, code, minutes: fc.nat(90) })
    .map(({ isOn: isMuted, minutes, ...data }): Pair => {
      return isMuted
        ? ['monitor.muted', { ...data, until: minute(minutes), reason: '' }]
        : ['monitor.unmuted', data];
    }),
);

const cause: fc.Arbitrary<Cause> = fc.record({
  kind: fc.constantFrom('push' as const, 'dispatch' as const, 'schedule' as const),
  id: fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
});

/** Events in any order, allowed or not, some of them twice: what the fold must make something of whoever wrote them. */
export const anyEvents: fc.Arbitrary<readonly LedgerEvent[]> = fc
  .array(fc.record({ pair, cause, part: fc.nat(30) }), { maxLength: 60, size: 'max' })
  .map((steps) =>
    steps.map(({ pair: [kind, data], cause: by, part }, index) =>
      createEvent({ ...contextOf('', minute(index)), cause: by }, kind, data, part),
    ),
  );
