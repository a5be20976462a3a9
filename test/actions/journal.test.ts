import { describe, expect, test } from 'vitest';
import { createJournal, hasMoved, type Journal, type Page } from '../../actions/deploy/journal.ts';
import { UserError } from '../../core/errors.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { Rollout } from '../../core/ledger/state.ts';
import type { Ledger } from '../../core/ports.ts';
import { err, ok } from '../../core/result.ts';
import { championEvents, contextOf, packageOf, versionEvents } from './support/deployment.ts';
import { createManualClock } from './support/manual-clock.ts';
import { createMemoryLedger, type MemoryLedger } from './support/memory-ledger.ts';

const environment = 'production';
const started = (rollout: string, version: string) =>
  createEvent(contextOf(`of ${rollout}`), 'rollout.started', {
    ...{ rollout, environment, version, package: packageOf(version), stable: '1' },
    ...{ hosts: ['a'], stages: [10, 50, 100], alpha: 0.01 },
  });
const advanced = (rollout: string, stage: number, percent: number) =>
  createEvent(
    contextOf('somebody'),
    'rollout.advanced',
    {
      ...{ rollout, environment, version: '2', stage, percent, explanation: 'It was fine.' },
    },
    rollout,
    stage,
  );
const rolledBack = (rollout: string) =>
  createEvent(contextOf('somebody'), 'rollout.rolled-back', {
    ...{ rollout, environment, version: '2', stable: '1', code: 'errors-worse', explanation: 'Harm.' },
  });

/** Version 1 serves, and a rollout of version 2 is open. */
function openLedger(): MemoryLedger {
  return createMemoryLedger([
    ...versionEvents('1'),
    ...championEvents('1'),
    ...versionEvents('2'),
    started('r', '2'),
  ]);
}

function journalOn(ledger: Ledger, cause = 'comment-1'): Journal {
  const clock = createManualClock();
  return createJournal({ ledger, model: 'mnist', environment, author: contextOf(cause), clock });
}

/** Holds a rollout, as any decider that always has something to say. */
const holdIt = (open: Rollout, page: Page): readonly LedgerEvent[] => {
  const data = { rollout: open.id, environment, code: 'held', explanation: `At ${open.percent} %.` };
  return [page.entry('rollout.held', data, open.id)];
};

async function openRollout(journal: Journal): Promise<Rollout> {
  const { rollout } = (await journal.read()).here;
  if (rollout === undefined) throw new Error('No rollout is open.');
  return rollout;
}

describe('what is entered in the journal', () => {
  test('is written in the name of the job, at the time of writing, for its environment', async () => {
    const ledger = openLedger();
    const journal = journalOn(ledger);
    const entered = await journal.whileOpen({ id: 'r' }, holdIt);
    expect(entered.kind).toBe('written');
    expect(entered.now.here.rollout?.held?.code).toBe('held');
    expect(ledger.events.at(-1)).toMatchObject({
      id: 'comment-1/rollout.held/production/r',
      at: '2026-11-21T12:00:00.000Z',
      actor: 'ann',
      cause: { id: 'comment-1' },
    });
  });

  test('is already there when an attempt before wrote it, or somebody did what was to be done', async () => {
    const ledger = openLedger();
    await journalOn(ledger).whileOpen({ id: 'r' }, holdIt);
    const recorded = ledger.events.length;
    const again = await journalOn(ledger).whileOpen({ id: 'r' }, holdIt);
    expect(again.kind).toBe('already-there');
    expect(again.now.here.rollout?.held?.code).toBe('held');
    const needless = await journalOn(ledger, 'comment-2').whileOpen({ id: 'r' }, () => []);
    expect(needless.kind).toBe('already-there');
    expect(ledger.events).toHaveLength(recorded);
  });

  test('is refused with the reason, and nothing of it is written', async () => {
    const ledger = openLedger();
    const recorded = ledger.events.length;
    const problem = { code: 'frozen', message: 'It is frozen.', remedy: 'Wait.' };
    const refused = journalOn(ledger).append(() => err(problem));
    await expect(refused).rejects.toThrow(UserError);
    const broken = journalOn(ledger).append((page) => {
      const data = { rollout: 'other', environment, code: 'held', explanation: 'No such rollout.' };
      return ok([page.entry('rollout.held', data)]);
    });
    await expect(broken).rejects.toThrow(/the rollout other is not open/);
    expect(ledger.events).toHaveLength(recorded);
  });

  test('takes the deploy lock in the same step, or is refused for who has it', async () => {
    const ledger = openLedger();
    const mine = await journalOn(ledger).append((page) => page.takeLock('r', 60));
    expect(mine.now.state.locks['deploy/production']).toMatchObject({
      holder: 'r',
      expiresAt: '2026-11-21T12:01:00.000Z',
    });
    const other = journalOn(ledger, 'comment-2').append((page) => page.takeLock('another', 60));
    await expect(other).rejects.toThrow(/held by r until/);
    const returned = await journalOn(ledger).append((page) => ok(page.returnLock('r')));
    expect(returned.now.state.locks).toEqual({});
  });

  test('is told apart by job: what another wrote is not what this one did', async () => {
    const ledger = openLedger();
    await journalOn(ledger).whileOpen({ id: 'r' }, holdIt);
    expect((await journalOn(ledger).read()).hasWritten('rollout.held')).toBe(true);
    expect((await journalOn(ledger).read()).hasWritten('rollout.promoted')).toBe(false);
    expect((await journalOn(ledger, 'comment').read()).hasWritten('rollout.held')).toBe(false);
  });
});

describe('what is written only while a rollout is open', () => {
  test('is overtaken when that has ended, and the end is told', async () => {
    const ledger = openLedger();
    ledger.events.push(rolledBack('r'));
    const recorded = ledger.events.length;
    const entered = await journalOn(ledger).whileOpen({ id: 'r' }, holdIt);
    expect(entered.kind).toBe('overtaken');
    expect(entered.now.here.history.at(-1)).toMatchObject({ rollout: 'r', outcome: 'rolled-back' });
    expect(ledger.events).toHaveLength(recorded);
  });

  test('is overtaken when another one is open', async () => {
    const ledger = openLedger();
    ledger.events.push(rolledBack('r'), started('s', '2'));
    expect((await journalOn(ledger).whileOpen({ id: 'r' }, holdIt)).kind).toBe('overtaken');
    expect((await openRollout(journalOn(ledger))).held).toBeUndefined();
  });

  test('is decided again when the rollout moves between reading and writing', async () => {
    const ledger = openLedger();
    ledger.race = () => void ledger.events.push(advanced('r', 1, 50));
    const seen: number[] = [];
    const entered = await journalOn(ledger).whileOpen({ id: 'r' }, (open, page) => {
      seen.push(open.percent);
      return holdIt(open, page);
    });
    expect(seen).toEqual([0, 50]);
    expect(entered.kind).toBe('written');
    expect(entered.now.here.rollout?.held?.explanation).toBe('At 50 %.');
  });

  test('is overtaken when what was decided does not stand on what it moved to', async () => {
    const ledger = openLedger();
    const journal = journalOn(ledger);
    const decidedOn = await openRollout(journal);
    ledger.race = () => void ledger.events.push(advanced('r', 1, 50));
    const entered = await journal.whileOpen(decidedOn, (open, page) =>
      hasMoved(open, decidedOn) ? 'overtaken' : holdIt(open, page),
    );
    expect(entered.kind).toBe('overtaken');
    expect(entered.now.here.rollout).toMatchObject({ percent: 50 });
    expect(entered.now.here.rollout?.held).toBeUndefined();
  });

  test('is overtaken when the rollout ends between reading and writing', async () => {
    const ledger = openLedger();
    ledger.race = () => void ledger.events.push(rolledBack('r'));
    const entered = await journalOn(ledger).whileOpen({ id: 'r' }, holdIt);
    expect(entered.kind).toBe('overtaken');
    expect(ledger.kinds().at(-1)).toBe('rollout.rolled-back');
  });

  test('is not overtaken by itself: an end whose answer was lost on the way is on record', async () => {
    const ledger = openLedger();
    const deaf: Ledger = {
      ...ledger,
      append: async (model, propose) => {
        await ledger.append(model, propose);
        return ledger.append(model, propose);
      },
    };
    const entered = await journalOn(deaf).whileOpen({ id: 'r' }, (open, page) => {
      const data = { rollout: open.id, environment, version: '2', code: 'requested', explanation: 'Ann.' };
      return [page.entry('rollout.rolled-back', data, open.id)];
    });
    expect(entered.kind).toBe('already-there');
    expect(entered.now.here.history.at(-1)).toMatchObject({ rollout: 'r', code: 'requested' });
  });
});

test('a rollout has moved when its stage, its share, or a person’s hold on it is another, or it is over', async () => {
  const ledger = openLedger();
  const journal = journalOn(ledger);
  const decidedOn = await openRollout(journal);
  expect(hasMoved(decidedOn, { ...decidedOn })).toBe(false);
  expect(hasMoved(undefined, decidedOn)).toBe(true);
  expect(hasMoved({ ...decidedOn, percent: 10 }, decidedOn)).toBe(true);
  expect(hasMoved({ ...decidedOn, stage: 1 }, decidedOn)).toBe(true);
  await journal.whileOpen(decidedOn, holdIt);
  const held = await openRollout(journal);
  expect(hasMoved(held, decidedOn)).toBe(true);
  expect(hasMoved(decidedOn, held)).toBe(true);
  const lost = { at: held.startedAt, actor: 'ann', code: 'hosts-away', explanation: 'One is away.' };
  expect(hasMoved({ ...decidedOn, held: lost }, decidedOn)).toBe(false);
});
