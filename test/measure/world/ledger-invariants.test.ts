import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import {
  type HostView,
  LEDGER_INVARIANTS,
  type Writing,
} from '../../../measure/world/invariants/ledger-invariants.ts';
import { championEvents, contextOf, packageOf, versionEvents } from '../../actions/support/deployment.ts';

const ROLLOUT = 'mnist/production/v2/comment-2';
const WHERE = { rollout: ROLLOUT, environment: 'production', version: '2', package: packageOf('2') };
const HOST: HostView = {
  url: 'http://serve-1:9443',
  isInReach: true,
  rolloutOnHost: ROLLOUT,
  told: { over: [], forMs: 0 },
  downForMs: 0,
  isUnseen: false,
  stable: '1',
  brake: undefined,
};
const BEFORE = [...versionEvents('1'), ...championEvents('1'), ...versionEvents('2')];

/** A writing of these events after those, in a world where nothing is wrong unless told. */
function writing(
  written: readonly LedgerEvent[],
  change: Partial<Writing> & { readonly before?: readonly LedgerEvent[] } = {},
): Writing {
  const before = change.before ?? BEFORE;
  return {
    before,
    stateBefore: foldLedger('mnist', before),
    now: [...before, ...written],
    written,
    hosts: [HOST],
    isRemembered: true,
    maxUnavailable: 0,
    commands: [],
    isHarmful: () => false,
    isEqual: () => false,
    ...change,
  };
}

function breachesOf(situation: Writing): readonly string[] {
  return LEDGER_INVARIANTS.filter(({ breach }) => breach(situation) !== undefined).map(({ name }) => name);
}

function started(cause: 'comment' | 'dispatch' = 'comment', at = '2026-11-21T12:00:00.000Z'): LedgerEvent {
  const context = { ...contextOf('comment-2'), at, cause: { kind: cause, id: 'comment-2' } };
  return createEvent(context, 'rollout.started', {
    ...WHERE,
    stable: '1',
    hosts: ['a'],
    stages: [100],
    alpha: 0.01,
  });
}

function promoted(code: 'promote' | 'first' | 'requested' = 'promote'): LedgerEvent {
  return createEvent(contextOf('comment-2'), 'rollout.promoted', { ...WHERE, code, explanation: 'Fine.' });
}

function takenBack(code: string): LedgerEvent {
  const { rollout, environment, version } = WHERE;
  const data = { rollout, environment, version, code, explanation: 'Bad.' };
  return createEvent(contextOf('comment-2'), 'rollout.rolled-back', data);
}

/** The gate of version 2 was against that version. */
function judged(champion: string): LedgerEvent {
  const digest = `sha256:${'a'.repeat(64)}`;
  const gate = { runId: 'run-2', verdict: 'pass', headline: 'Pass.', champion } as const;
  const data = { ...gate, holdoutDigest: digest, evidenceDigest: digest };
  return createEvent(contextOf('gate-2'), 'gate.judged', data, 'again');
}

const OPEN = [...BEFORE, judged('1'), started()];

describe('what each writing to the ledger has to keep', () => {
  it('is kept by a rollout that begins and is promoted', () => {
    expect(breachesOf(writing([started()]))).toEqual([]);
    expect(breachesOf(writing([promoted()], { before: OPEN }))).toEqual([]);
  });

  it('is kept where a host goes down after it was asked, and not where it was down before', () => {
    const down = (downForMs: number) => ({ ...HOST, rolloutOnHost: undefined, downForMs });
    const promotion = (host: HostView) => writing([promoted()], { before: OPEN, hosts: [host] });
    expect(breachesOf(promotion(down(400)))).toEqual([]);
    expect(breachesOf(promotion(down(20_000)))).toEqual(['promoted-with-all-hosts']);
  });

  it('is kept where a host comes back empty after it was asked, and not where it was asked since', () => {
    const back = (isUnseen: boolean) => ({ ...HOST, rolloutOnHost: undefined, isUnseen });
    const promotion = (host: HostView) => writing([promoted()], { before: OPEN, hosts: [host] });
    expect(breachesOf(promotion(back(true)))).toEqual([]);
    expect(breachesOf(promotion(back(false)))).toEqual(['promoted-with-all-hosts']);
  });

  it('is kept where another job has just taken the candidate back, and not where that was long ago', () => {
    const told = (forMs: number) => ({ ...HOST, rolloutOnHost: undefined, told: { over: [ROLLOUT], forMs } });
    const promotion = (host: HostView) => writing([promoted()], { before: OPEN, hosts: [host] });
    expect(breachesOf(promotion(told(400)))).toEqual([]);
    expect(breachesOf(promotion(told(20_000)))).toEqual(['promoted-with-all-hosts']);
  });

  it.each<[string, Writing]>([
    ['ledger-only-grows', writing([], { now: BEFORE.slice(1) })],
    ['no-event-twice', writing([started()], { now: [...BEFORE, started(), started()] })],
    ['promoted-over-its-gate', writing([promoted()], { before: [...BEFORE, judged('9'), started()] })],
    ['promoted-over-no-brake', writing([promoted()], { before: OPEN, hosts: [braked(20_000)] })],
    [
      'promoted-with-all-hosts',
      writing([promoted()], { before: OPEN, hosts: [{ ...HOST, rolloutOnHost: undefined }] }),
    ],
    ['harmful-never-promoted', writing([promoted()], { before: OPEN, isHarmful: () => true })],
    ['first-only-where-nobody-serves', writing([promoted('first')], { before: OPEN })],
    ['reports-begin-nothing', writing([started('dispatch')])],
    ['equal-not-taken-back', writing([takenBack('errors-worse')], { before: OPEN, isEqual: () => true })],
  ])('%s is broken alone', (name, situation) => {
    expect(breachesOf(situation)).toEqual([name]);
  });

  it('promotes nothing while frozen', () => {
    const frozen = createEvent(contextOf('freeze'), 'frozen', { environment: 'production', reason: 'audit' });
    expect(breachesOf(writing([promoted()], { before: [...OPEN, frozen] }))).toEqual([
      'frozen-promotes-nothing',
    ]);
  });

  it('has one rollout open at most', () => {
    const { data } = started();
    const other = createEvent(contextOf('comment-3'), 'rollout.started', {
      ...WHERE,
      ...{ rollout: 'another', hosts: ['a'], stages: [100], alpha: 0.01 },
    });
    expect(data).toMatchObject(WHERE);
    expect(breachesOf(writing([other], { before: OPEN }))).toEqual(['one-rollout-open']);
  });

  it('lets a version that was taken back for harm begin on a word from after that alone', () => {
    const before = [...OPEN, takenBack('errors-worse')];
    const again = started('comment', '2026-11-21T13:00:00.000Z');
    const told = (at: string, text: string) =>
      breachesOf(writing([again], { before, commands: [{ at, text }] }));
    expect(told('2026-11-21T12:30:00.000Z', '/deploy v2')).not.toContain('taken-back-stays-back');
    expect(told('2026-11-21T12:30:00.000Z', '/deploy v3')).toContain('taken-back-stays-back');
    expect(told('2026-11-21T10:00:00.000Z', '/deploy v2')).toContain('taken-back-stays-back');
  });

  it('bears a brake that came while the promotion was written', () => {
    expect(breachesOf(writing([promoted()], { before: OPEN, hosts: [braked(2_000)] }))).toEqual([]);
  });
});

function braked(forMs: number): HostView {
  return { ...HOST, brake: { rollout: ROLLOUT, forMs } };
}

it('asks nothing of a ledger that nobody remembers', () => {
  expect(breachesOf(writing([], { now: BEFORE.slice(1), isRemembered: false }))).not.toContain(
    'ledger-only-grows',
  );
});
