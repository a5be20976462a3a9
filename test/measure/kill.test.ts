import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { StoredReport } from '../../measure/kill/agent-snapshot.ts';
import { findOutboxProblems } from '../../measure/kill/check-outbox.ts';
import { findPackageProblems } from '../../measure/kill/check-packages.ts';
import { drawMoments, KINDS } from '../../measure/kill/moment.ts';

describe('the moments of a kill test', () => {
  test('are the same for the same seed, and others for another', () => {
    expect(drawMoments('1', 20)).toEqual(drawMoments('1', 200).slice(0, 20));
    expect(drawMoments('2', 20)).not.toEqual(drawMoments('1', 20));
  });

  test('take the model servers in 20 of 200 and the deploy job in 20, at instants all over the rollout', () => {
    const moments = drawMoments('1', 200);
    const counts = KINDS.map((kind) => moments.filter((moment) => moment.kind === kind).length);
    expect(counts).toEqual([160, 20, 20]);
    const quarters = Map.groupBy(moments, ({ at }) => Math.floor(at * 4));
    expect([...quarters.keys()].toSorted()).toEqual([0, 1, 2, 3]);
    expect([...quarters.values()].every(({ length }) => length > 25)).toBe(true);
  });
});

describe('the check of the outbox', () => {
  const brake = report('id-of-brake', DISPATCH_TYPES.brake, { rollout: 'r', version: '2', code: 'slower' });
  const stage = report('id-of-stage', DISPATCH_TYPES.rollout, { rollout: 'r', version: '2', stage: 0 });

  test('is content when all that was stored arrived, once or again under its id', () => {
    expect(findOutboxProblems([brake, stage], [brake, brake, stage])).toEqual([]);
  });

  test.each([
    ['a report that never came', [stage], 'id-of-brake was stored and not delivered'],
    ['a report that came changed', [stage, otherBody(brake)], 'id-of-brake was stored and not delivered'],
    ['an id with two contents', [stage, brake, otherBody(brake)], 'with two contents'],
    ['one brake under two ids', [stage, brake, otherId(brake)], 'under two ids'],
    ['one stage under two ids', [brake, stage, otherId(stage)], 'under two ids'],
  ])('finds %s', (_what, arrivals, problem) => {
    expect(findOutboxProblems([brake, stage], arrivals).join('\n')).toContain(problem);
  });

  function otherId({ type, payload }: StoredReport): StoredReport {
    return { type, payload: { ...payload, id: 'another-id' } };
  }

  function otherBody({ type, payload }: StoredReport): StoredReport {
    return { type, payload: { ...payload, body: { ...payload.body, code: 'errors-worse' } } };
  }
});

describe('the check of the packages', () => {
  let folder: string;
  const content = 'a model';
  const name = createHash('sha256').update(content).digest('hex');
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ty-kill-'));
    mkdirSync(path.join(folder, 'packages', 'incoming'), { recursive: true });
    writeFileSync(path.join(folder, 'packages', name), content);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('is content with whole files', () => {
    expect(findPackageProblems(folder, [`sha256:${name}`])).toEqual([]);
  });

  test('finds half a file, what an upload left behind, and a file that is not there', () => {
    writeFileSync(path.join(folder, 'packages', name), content.slice(3));
    writeFileSync(path.join(folder, 'packages', 'incoming', 'half'), '');
    expect(findPackageProblems(folder, [`sha256:${'0'.repeat(64)}`])).toEqual([
      'packages/incoming/half was left behind',
      `packages/${name} is not what its name says`,
      `packages/${'0'.repeat(64)} is missing`,
    ]);
  });
});

function report(id: string, type: string, body: StoredReport['payload']['body']): StoredReport {
  const at = '2026-01-01T00:00:00.000Z';
  const rest = { from: 'serve-1', model: 'm', environment: 'production', signature: 'AAAA' };
  return { type, payload: { v: 1, id, at, ...rest, body } };
}
