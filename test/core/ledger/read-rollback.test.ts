import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { hasServed, readRollback } from '../../../core/ledger/read-rollback.ts';
import { environmentOf } from '../../../core/ledger/state.ts';
import { fold, minute, promotionOf, startOf, startScribe, writeVersion } from './ledger-support.ts';

const environment = 'production';
const write = startScribe();
const back = (version: string, stable: string) =>
  write('rollout.rolled-back', {
    ...{ rollout: `r${version}`, environment, version, stable, code: 'errors-worse', explanation: 'Harm.' },
  });
/** Version 6 gave way to 7. */
const SERVING = [
  ...['6', '7', '8', '9'].flatMap((version) => writeVersion(write, version)),
  write('rollout.started', startOf('6')),
  write('rollout.promoted', promotionOf('6')),
  write('rollout.started', startOf('7', '6')),
  write('rollout.promoted', promotionOf('7')),
];
const OPEN = [...SERVING, write('rollout.started', startOf('8', '7'))];
const startedAt = OPEN.at(-1)?.at ?? '';
const servedAt = SERVING.at(-1)?.at ?? '';

const here = (events: readonly LedgerEvent[]) => environmentOf(fold(events), environment);
function meaningOf(events: readonly LedgerEvent[], saidAt?: string): string {
  const meaning = readRollback(here(events), saidAt);
  if (meaning.kind === 'return') return `return to ${meaning.to}`;
  if (meaning.kind === 'done') return `done: ${meaning.last.version}`;
  return meaning.kind;
}

describe('a rollback that names no version', () => {
  it('ends the rollout that was open when it was said', () => {
    expect(meaningOf(OPEN)).toBe('end');
    expect(meaningOf(OPEN, startedAt)).toBe('end');
    expect(meaningOf(OPEN, minute(600))).toBe('end');
  });

  it('takes the champion back where none was, also when one has begun since', () => {
    expect(meaningOf(SERVING)).toBe('return to 6');
    expect(meaningOf(OPEN, servedAt)).toBe('return to 6');
  });

  it('takes back what was promoted while it waited', () => {
    expect(meaningOf([...OPEN, write('rollout.promoted', promotionOf('8'))], startedAt)).toBe('return to 7');
  });

  it('leaves what began and was promoted after it was said', () => {
    const promoted = [...OPEN, write('rollout.promoted', promotionOf('8'))];
    expect(meaningOf(promoted, servedAt)).toBe('done: 8');
    expect(meaningOf([...promoted, write('rollout.started', startOf('9', '8'))], servedAt)).toBe('done: 8');
    expect(meaningOf(promoted)).toBe('return to 7');
    expect(meaningOf(promoted, minute(600))).toBe('return to 7');
  });

  it('does nothing where the last thing that happened is that a version was taken back', () => {
    const taken = [...OPEN, back('8', '7')];
    expect(meaningOf(taken)).toBe('done: 8');
    expect(meaningOf(taken, startedAt)).toBe('done: 8');
    const next = [...taken, write('rollout.started', startOf('9', '7'))];
    expect(meaningOf(next, startedAt)).toBe('done: 8');
    expect(meaningOf(next, minute(600))).toBe('end');
  });

  it('has nowhere to go from a first version', () => {
    expect(meaningOf([])).toBe('nothing-before');
    expect(meaningOf(SERVING.slice(0, -2))).toBe('nothing-before');
  });
});

it('a version has served where it was promoted, and nowhere else', () => {
  expect(['6', '7', '8'].map((version) => hasServed(here(OPEN), version))).toEqual([true, true, false]);
  expect(hasServed(environmentOf(fold(OPEN), 'staging'), '7')).toBe(false);
});
