import fc from 'fast-check';
import { admitEvents } from '../../../core/ledger/admit-events.ts';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData, LedgerEventKind } from '../../../core/ledger/event.ts';
import { environmentOf, type LedgerState } from '../../../core/ledger/state.ts';
import {
  contextOf,
  DIGEST,
  fold,
  minute,
  promotionOf,
  startOf,
  startScribe,
  writeVersion,
} from './ledger-support.ts';

/** What some job might propose on a state, sensible or not. */
type Step = (state: LedgerState, index: number) => LedgerEvent;

const version = fc.constantFrom('1', '2', '3');
const environment = fc.constantFrom('staging', 'production');
/** Mostly right: a job that has read the state; else one that is late or wrong. */
const isRight = fc.integer({ min: 0, max: 9 }).map((dice) => dice < 8);

function make<K extends LedgerEventKind>(index: number, kind: K, data: LedgerEventData<K>): LedgerEvent {
  return createEvent(contextOf(`c${index}`, minute(index)), kind, data);
}

const judge = fc
  .record({
    version,
    verdict: fc.constantFrom('pass' as const, 'pass' as const, 'fail' as const, 'inconclusive' as const),
    environment,
  })
  .map(
    ({ version: of, verdict, environment: name }): Step =>
      (state, index) => {
        const champion = environmentOf(state, name).champion?.version;
        return make(index, 'gate.judged', {
          ...{ runId: `run-${of}`, verdict, headline: '', holdoutDigest: DIGEST, evidenceDigest: DIGEST },
          ...(champion === undefined ? {} : { champion }),
        });
      },
  );

const register = version.map(
  (of): Step =>
    (_state, index) =>
      make(index, 'version.registered', {
        version: of,
        runId: `run-${of}`,
        modelUri: 'models:/m',
        modelDigest: DIGEST,
      }),
);

const start = fc.record({ version, environment, isRight }).map(
  (one): Step =>
    (state, index) => {
      const champion = environmentOf(state, one.environment).champion?.version;
      const stable = one.isRight ? champion : '9';
      return make(index, 'rollout.started', {
        ...startOf(one.version, stable),
        ...(one.isRight ? { namedAt: minute(index) } : {}),
        rollout: `r${index}`,
        environment: one.environment,
      });
    },
);

const advance = fc
  .record({ environment, isRight, stage: fc.nat(3), percent: fc.constantFrom(1, 10, 100) })
  .map(
    (one): Step =>
      (state, index) => {
        const open = environmentOf(state, one.environment).rollout;
        const stage = one.isRight ? (open?.stage ?? 0) + (one.stage % 2) : one.stage;
        return make(index, 'rollout.advanced', {
          rollout: open?.id ?? 'r0',
          environment: one.environment,
          version: open?.version ?? '1',
          stage,
          percent: one.isRight ? (open?.stages[stage] ?? 1) : one.percent,
          explanation: '',
        });
      },
  );

const control = fc
  .record({ environment, kind: fc.constantFrom('rollout.held' as const, 'rollout.resumed' as const) })
  .map(
    (one): Step =>
      (state, index) => {
        const rollout = environmentOf(state, one.environment).rollout?.id ?? 'r0';
        const where = { rollout, environment: one.environment };
        if (one.kind === 'rollout.resumed') return make(index, one.kind, where);
        return make(index, one.kind, { ...where, code: 'x', explanation: '' });
      },
  );

const promote = fc.record({ version, environment, isRight }).map(
  (one): Step =>
    (state, index) => {
      const open = environmentOf(state, one.environment).rollout;
      const of = one.isRight ? (open?.version ?? one.version) : one.version;
      return make(index, 'rollout.promoted', {
        ...promotionOf(of),
        environment: one.environment,
        rollout: open?.id ?? 'r0',
      });
    },
);

const rollBack = fc.record({ version, environment, isRight }).map(
  (one): Step =>
    (state, index) => {
      const { rollout, champion, previous } = environmentOf(state, one.environment);
      const stable = one.isRight ? (rollout?.stable ?? previous?.version) : one.version;
      return make(index, 'rollout.rolled-back', {
        rollout: rollout?.id ?? `back-${index}`,
        environment: one.environment,
        version: rollout?.version ?? champion?.version ?? one.version,
        code: one.isRight ? 'requested' : 'x',
        explanation: '',
        ...(stable === undefined ? {} : { stable }),
      });
    },
);

const freeze = fc.record({ environment: fc.option(environment, { nil: undefined }), isOn: fc.boolean() }).map(
  ({ environment: name, isOn }): Step =>
    (_state, index) => {
      const where = name === undefined ? {} : { environment: name };
      return isOn ? make(index, 'frozen', { ...where, reason: '' }) : make(index, 'unfrozen', where);
    },
);

const lock = fc.record({ holder: fc.constantFrom('a', 'b'), environment, isTaken: fc.boolean() }).map(
  ({ holder, environment: name, isTaken }): Step =>
    (_state, index) => {
      const which = { lock: 'deploy', environment: name, holder } as const;
      if (!isTaken) return make(index, 'lock.released', which);
      return make(index, 'lock.acquired', { ...which, expiresAt: minute(index + 5) });
    },
);

const step = fc.oneof(
  { weight: 2, arbitrary: judge },
  { weight: 2, arbitrary: register },
  { weight: 3, arbitrary: start },
  { weight: 3, arbitrary: advance },
  { weight: 1, arbitrary: control },
  { weight: 2, arbitrary: promote },
  { weight: 1, arbitrary: rollBack },
  { weight: 1, arbitrary: freeze },
  { weight: 1, arbitrary: lock },
);

/** What a ledger becomes when jobs propose anything, one after the other, and the rules let in what may follow. */
export const anyLedger: fc.Arbitrary<readonly LedgerEvent[]> = fc
  .array(step, { minLength: 5, maxLength: 40, size: 'max' })
  .map((steps) => {
    const write = startScribe();
    const recorded: LedgerEvent[] = [...writeVersion(write, '1'), ...writeVersion(write, '2')];
    for (const [index, propose] of steps.entries()) {
      const admitted = admitEvents(fold(recorded), [propose(fold(recorded), index + 10)]);
      if (admitted.ok) recorded.push(...admitted.value.written);
    }
    return recorded;
  });
