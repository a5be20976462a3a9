import { describe, expect, it } from 'vitest';
import { parseMlproject } from '../../../../core/config/mlproject/parse-mlproject.ts';
import type { PlannedOperation } from '../../../../core/plan/hand-over.ts';
import {
  findHoldoutProblems,
  findProjectProblems,
  type ProjectOnDisk,
  refuseParameters,
  type TrainedProject,
} from '../../../../core/plan/training/check-training.ts';
import { parse } from '../plan-support.ts';

const [SHA, OTHER] = ['a'.repeat(40), 'b'.repeat(40)];
const PROJECT = 'entry_points: { main: { parameters: { hidden: { type: int, default: 8 }, lr: float } } }';

function fileWith(parameters: string): string {
  return `version: 1
model: digits
gate: [{ metric: accuracy, floor: 0.9 }]
data: { holdout: { path: data/holdout.csv } }
project:
  parameters: { ${parameters} }
`;
}

function trainingOf(sha: string, parameters: PlannedOperation['parameters'] = {}): PlannedOperation {
  return {
    ...{ kind: 'operation', operation: 'train', sha, parameters, actor: 'ann', dryRun: false },
    ...{ cause: { kind: 'push', id: 'push-1' }, correlationId: 'push-1' },
  };
}

const disk: ProjectOnDisk = { project: parseMlproject(PROJECT, 'MLproject'), hasHoldout: true };

/** What commit SHA says of its project. */
function trainedWith(parameters: string, { project: mlproject }: ProjectOnDisk = disk): TrainedProject {
  const text = fileWith(parameters);
  return { sha: SHA, file: 'trainyard.yml', text, settings: parse(text).project, mlproject };
}

function problemsOf(
  parameters: string,
  {
    sha = SHA,
    on = disk,
    given = {},
  }: { sha?: string; on?: ProjectOnDisk; given?: PlannedOperation['parameters'] } = {},
): readonly unknown[] {
  const trained = trainedWith(parameters, on);
  const operation = trainingOf(sha, given);
  const request = { sha: SHA, config: parse(trained.text), policy: trained, disk: on };
  const problems = [...findProjectProblems(operation, trained), ...findHoldoutProblems(operation, request)];
  return problems.map(({ code, where }) => [code, where?.kind === 'file' && `${where.line}:${where.column}`]);
}

describe('a training of the default branch', () => {
  it.each([
    ['hiden: 16, lr: 0.1', [['unknown-project-parameter', '6:24']]],
    ['hidden: 1.5, lr: 0.1', [['bad-parameter', '6:25']]],
    ['hidden: 16', [['missing-project-parameter', '6:15']]],
    ['hidden: 16, lr: 0.1', []],
    // No slip of a name: MLflow hands it on.
    ['momentum: 0.9, lr: 0.1', []],
    // A slip of what is given anyway is none.
    ['hidden: 16, hidden2: 8, lr: 0.1', []],
  ])('with { %s } has these problems: %j', (parameters, problems) => {
    expect(problemsOf(parameters)).toEqual(problems);
  });

  it('has none without a holdout to be judged on', () => {
    expect(problemsOf('lr: 0.1', { on: { ...disk, hasHoldout: false } })).toEqual([
      ['holdout-missing', '4:26'],
    ]);
  });

  it('is left to MLflow where there is no MLproject file, or one that declares nothing', () => {
    for (const text of ['name: digits', 'entry_points: { main: { command: python train.py } }']) {
      const on = { ...disk, project: parseMlproject(text, 'MLproject') };
      expect(problemsOf('depth: 3', { on })).toEqual(
        text.startsWith('name') ? [['unknown-entry-point', '6:3']] : [],
      );
    }
    expect(problemsOf('depth: 3', { on: { ...disk, project: { ok: true, value: undefined } } })).toEqual([]);
  });

  it('is told what is wrong with the file itself', () => {
    const on = { ...disk, project: parseMlproject('entry_points: [', 'MLproject') };
    expect(problemsOf('lr: 0.1', { on })).toEqual([['yaml-syntax', '1:16']]);
  });
});

describe('a training of another commit', () => {
  it('may mend what this one has wrong', () => {
    expect(problemsOf('hiden: 16', { sha: OTHER })).toEqual([]);
    expect(
      refuseParameters(trainingOf(OTHER, { hidden: 1.5 }), trainedWith('hidden: 16, lr: 0.1')),
    ).toMatchObject({
      kind: 'operation',
    });
  });
});

describe('parameters that are given in the request', () => {
  const ask = (given: PlannedOperation['parameters'], parameters = 'hidden: 16, lr: 0.1') =>
    refuseParameters(trainingOf(SHA, given), trainedWith(parameters));

  it('are refused for a value of another type than MLproject declares', () => {
    expect(ask({ hidden: 1.5 })).toMatchObject({
      ...{ kind: 'refuse', code: 'bad-parameter' },
      message: '`hidden` is 1.5, and MLproject declares it as int.',
    });
    expect(ask({ hidden: 2 })).toMatchObject({ kind: 'operation' });
  });

  it('are refused for a name that neither MLproject nor the configuration has', () => {
    expect(ask({ depth: 2 })).toMatchObject({ kind: 'refuse', code: 'unknown-parameter' });
    expect(ask({ depth: 2 }, 'depth: 1, lr: 0.1')).toMatchObject({ kind: 'operation' });
    expect(ask({ hidden: 2 }, 'lr: 0.1')).toMatchObject({ kind: 'operation' });
  });

  it('stand for what the configuration has wrong', () => {
    expect(problemsOf('hidden: 1.5, lr: 0.1', { given: { hidden: 2 } })).toEqual([]);
    expect(problemsOf('hidden: 2', { given: { lr: 0.5 } })).toEqual([]);
  });
});
