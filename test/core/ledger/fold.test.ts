import { describe, expect, it } from 'vitest';
import { environmentOf, freezeOf, openTrainings, secondsHeld } from '../../../core/ledger/state.ts';
import {
  DIGEST,
  fold,
  minute,
  packageOf,
  promotionOf,
  startOf,
  startScribe,
  writeVersion,
} from './ledger-support.ts';

describe('the ledger of a model', () => {
  it('is empty before any event', () => {
    expect(fold([])).toMatchObject({ model: 'mnist', environments: {}, events: 0 });
    expect(environmentOf(fold([]), 'constructor')).toEqual({ history: [] });
  });

  it('follows a training from its request to its end', () => {
    const write = startScribe();
    const requested = write(
      'training.requested',
      { operation: 'tune', sha: 'abc', parameters: { lr: 1 }, pullRequest: 7 },
      't',
    );
    const started = write('training.started', { runId: 'run-1', sha: 'abc', dataDigest: DIGEST }, 't');
    expect(openTrainings(fold([requested, started]))).toMatchObject([
      { correlationId: 't', status: 'started', runId: 'run-1' },
    ]);
    const finished = write('training.finished', { runId: 'run-1', status: 'failed', message: 'NaN' }, 't');
    const state = fold([requested, started, finished]);
    expect(openTrainings(state)).toEqual([]);
    expect(state.trainings['t']).toMatchObject({
      operation: 'tune',
      status: 'failed',
      message: 'NaN',
      dataDigest: DIGEST,
      pullRequest: 7,
      requestedAt: minute(1),
      finishedAt: minute(3),
    });
  });

  it('counts what nobody asked for by hand against the retrain budget', () => {
    const write = startScribe();
    const request = { operation: 'train', sha: 'abc', parameters: {} } as const;
    const state = fold([
      write('training.requested', request, 'by-hand', 'comment'),
      write('training.requested', request, 'by-push', 'push'),
      write('training.requested', request, 'by-host', 'dispatch'),
      write('training.requested', request, 'by-cron', 'schedule'),
    ]);
    expect(state.retrains.map(({ correlationId }) => correlationId)).toEqual(['by-host', 'by-cron']);
    expect([...state.dispatches]).toEqual(['by-host']);
  });

  it('gives a version the last judgement of its run, before or after it was registered', () => {
    const write = startScribe();
    const events = writeVersion(write, '8');
    expect(fold(events).versions['8']).toMatchObject({
      gate: { verdict: 'pass' },
      package: { package: packageOf('8') },
    });
    const again = write('gate.judged', {
      runId: 'run-8',
      verdict: 'fail',
      headline: 'Worse.',
      holdoutDigest: DIGEST,
      evidenceDigest: DIGEST,
    });
    const state = fold([...events, again]);
    expect(state.versions['8']?.gate?.verdict).toBe('fail');
    expect(state.gatesPerHoldout[DIGEST]).toBe(2);
  });

  it('takes a rollout through its stages to promotion, and keeps what it replaced', () => {
    const write = startScribe();
    const events = [
      ...writeVersion(write, '6'),
      write('rollout.started', startOf('6')),
      write('rollout.promoted', promotionOf('6')),
      ...writeVersion(write, '8'),
      write('rollout.started', startOf('8', '6')),
    ];
    const started = environmentOf(fold(events), 'production').rollout;
    expect(started).toMatchObject({ id: 'r8', stage: 0, percent: 0, stable: '6', startedAt: minute(9) });
    const step = { rollout: 'r8', environment: 'production', version: '8', explanation: '' };
    events.push(write('rollout.advanced', { ...step, stage: 0, percent: 1 }, 'a'));
    events.push(write('rollout.advanced', { ...step, stage: 1, percent: 10 }, 'b'));
    expect(environmentOf(fold(events), 'production').rollout).toMatchObject({
      stage: 1,
      percent: 10,
      stageStartedAt: minute(11),
    });
    events.push(
      write('rollout.held', { rollout: 'r8', environment: 'production', code: 'no-data', explanation: 'x' }),
    );
    expect(environmentOf(fold(events), 'production').rollout?.held).toMatchObject({
      code: 'no-data',
      at: minute(12),
    });
    events.push(write('rollout.resumed', { rollout: 'r8', environment: 'production' }));
    expect(environmentOf(fold(events), 'production').rollout?.held).toBeUndefined();
    events.push(write('rollout.promoted', promotionOf('8')));
    expect(environmentOf(fold(events), 'production')).toMatchObject({
      champion: { version: '8', package: packageOf('8') },
      previous: { version: '6', package: packageOf('6') },
      rollout: undefined,
    });
  });

  it('adds up the time that people held a rollout for, and no other hold', () => {
    const write = startScribe();
    const here = { rollout: 'r8', environment: 'production' };
    const hold = (code: string, key: string) =>
      write('rollout.held', { ...here, code, explanation: 'x' }, key);
    const events = [...writeVersion(write, '8'), write('rollout.started', startOf('8'))];
    const heldFor = () => {
      const { rollout } = environmentOf(fold(events), 'production');
      return rollout && [rollout.heldSeconds, secondsHeld(rollout, minute(30)), rollout.held?.code];
    };
    expect(heldFor()).toEqual([0, 0, undefined]);
    events.push(hold('held', 'a'));
    expect(heldFor()).toEqual([0, 60 * (30 - 5), 'held']);
    events.push(write('rollout.resumed', here, 'a'));
    expect(heldFor()).toEqual([60, 60, undefined]);
    events.push(hold('deadline-passed', 'b'), hold('held', 'c'), write('rollout.resumed', here, 'b'));
    expect(heldFor()).toEqual([120, 120, undefined]);
  });

  it('leaves the champion alone when a candidate is rolled back', () => {
    const write = startScribe();
    const state = fold([
      ...writeVersion(write, '6'),
      write('rollout.started', startOf('6')),
      write('rollout.promoted', promotionOf('6')),
      ...writeVersion(write, '8'),
      write('rollout.started', startOf('8', '6')),
      write('rollout.rolled-back', {
        rollout: 'r8',
        environment: 'production',
        version: '8',
        stable: '6',
        code: 'errors',
        explanation: '4 times the errors.',
      }),
    ]);
    const here = environmentOf(state, 'production');
    expect(here).toMatchObject({ champion: { version: '6' }, previous: undefined, rollout: undefined });
    expect(here.history.map(({ version, outcome }) => `${version} ${outcome}`)).toEqual([
      '6 promoted',
      '8 rolled-back',
    ]);
  });

  it('returns from a champion to the one before, and never offers the one it left', () => {
    const write = startScribe();
    const promoted = ['4', '6', '8'].flatMap((version, index, all) => [
      ...writeVersion(write, version),
      write('rollout.started', startOf(version, all[index - 1])),
      write('rollout.promoted', promotionOf(version)),
    ]);
    const back = (from: string, to: string) =>
      write('rollout.rolled-back', {
        rollout: `back-${from}`,
        environment: 'production',
        version: from,
        stable: to,
        code: 'requested',
        explanation: '',
      });
    const once = [...promoted, back('8', '6')];
    expect(environmentOf(fold(once), 'production')).toMatchObject({
      champion: { version: '6', package: packageOf('6') },
      previous: { version: '4', package: packageOf('4') },
    });
    expect(environmentOf(fold([...once, back('6', '4')]), 'production')).toMatchObject({
      champion: { version: '4' },
      previous: undefined,
    });
  });

  it('ignores steps of a rollout that is no longer open', () => {
    const write = startScribe();
    const events = [
      ...writeVersion(write, '6'),
      write('rollout.started', startOf('6')),
      write('rollout.promoted', promotionOf('6')),
    ];
    const late = write('rollout.advanced', {
      rollout: 'r6',
      environment: 'production',
      version: '6',
      stage: 1,
      percent: 10,
      explanation: '',
    });
    expect(fold([...events, late]).environments).toEqual(fold(events).environments);
  });

  it('freezes one environment or all, and thaws all at once', () => {
    const write = startScribe();
    const one = write('frozen', { environment: 'production', reason: 'audit' });
    const all = write('frozen', { reason: 'holidays' });
    expect(freezeOf(fold([one]), 'staging')).toBeUndefined();
    expect(freezeOf(fold([one, all]), 'staging')?.reason).toBe('holidays');
    expect(freezeOf(fold([one, all]), 'production')?.reason).toBe('audit');
    const thawed = fold([one, all, write('unfrozen', {})]);
    expect(freezeOf(thawed, 'production')).toBeUndefined();
    expect(freezeOf(thawed, 'staging')).toBeUndefined();
  });

  it('remembers what the monitor last said of each environment', () => {
    const write = startScribe();
    const say = (environment: string, action: 'none' | 'retrain') =>
      write('monitor.judged', { action, environment, codes: [action], explanation: action });
    const state = fold([say('production', 'retrain'), say('staging', 'none'), say('production', 'none')]);
    expect(environmentOf(state, 'production').monitor).toMatchObject({ action: 'none', at: minute(3) });
    expect(environmentOf(state, 'staging').monitor?.action).toBe('none');
  });
});
