import { describe, expect, it } from 'vitest';
import { comparePolicy, describePolicy } from '../../../core/config/compare-policy.ts';

const OURS = `version: 1
model: m
project: { parameters: { lr: 0.1 } }
data: { inputs: [data/train], holdout: { path: data/holdout.npz, target: label } }
gate:
  - { metric: accuracy, floor: 0.9, margin: 0.01 }
environments:
  production: { hosts: ["\${HOST}"], rollout: { stages: [1, 100], alpha: 0.01 } }
commands: { allow: [admin] }
`;

const say = (theirs: string) => describePolicy(comparePolicy(OURS, theirs));

describe('a change to policy in the commit that is trained', () => {
  it('is a sentence per key, with what the commit says and what counts', () => {
    const theirs = OURS.replace('margin: 0.01', 'margin: 0.05')
      .replace('alpha: 0.01', 'alpha: 0.5, deadline: 9h')
      .replace('[1, 100]', '[100]')
      .replace('allow: [admin]', 'allow: [read]');
    expect(say(theirs)).toEqual([
      "This commit changes `gate[0].margin` from 0.01 to 0.05; judged by the default branch's 0.01 until it is merged.",
      "This commit changes `environments.production.rollout.stages` from [1,100] to [100]; what holds is the default branch's [1,100] until it is merged.",
      "This commit changes `environments.production.rollout.alpha` from 0.01 to 0.5; what holds is the default branch's 0.01 until it is merged.",
      'This commit changes `commands.allow` from ["admin"] to ["read"]; what holds is the default branch\'s ["admin"] until it is merged.',
      'This commit adds `environments.production.rollout.deadline` (9h); the default branch does not have it, so it counts from the merge on.',
    ]);
  });

  it('is told when a rule or a whole section is taken away', () => {
    const theirs = OURS.replace(', floor: 0.9', '').replace('commands: { allow: [admin] }\n', '');
    expect(say(theirs)).toEqual([
      "This commit removes `gate[0].floor` (0.9); judged by the default branch's 0.9 until it is merged.",
      'This commit removes `commands.allow` (["admin"]); what holds is the default branch\'s ["admin"] until it is merged.',
    ]);
  });

  it('names another command that fetches the data: its own training alone goes by that', () => {
    const fetched = OURS.replace('data: { ', 'data: { fetch: dvc pull a.dvc, ');
    const other = fetched.replace('a.dvc', 'b.dvc');
    expect(say(fetched)).toEqual([
      'This commit adds `data.fetch` (dvc pull a.dvc); the default branch does not have it, so its training alone goes by it until the merge.',
    ]);
    expect(describePolicy(comparePolicy(fetched, other))).toEqual([
      "This commit changes `data.fetch` from dvc pull a.dvc to dvc pull b.dvc; what all jobs but its training fetch by is the default branch's dvc pull a.dvc until it is merged.",
    ]);
  });

  it('names another holdout, and what is judged until it is merged', () => {
    const theirs = OURS.replace('path: data/holdout.npz', 'path: easy.npz, slices: [digit]').replace(
      '[data/train]',
      '[data/more]',
    );
    expect(say(theirs)).toEqual([
      "This commit changes `data.holdout.path` from data/holdout.npz to easy.npz; judged on the default branch's data/holdout.npz until it is merged.",
      'This commit adds `data.holdout.slices` (["digit"]); the default branch does not have it, so it counts from the merge on.',
    ]);
  });

  it('is told of limits on the package and of how it is served, which are the default branch’s too', () => {
    const ours = `${OURS.replace('environments:', '  - { metric: latency-p95, at-most: 50ms }\nenvironments:')}serving: { workers: 1 }\n`;
    const theirs = ours.replace('50ms', '5s').replace('workers: 1', 'workers: 9');
    expect(describePolicy(comparePolicy(ours, theirs))).toEqual([
      "This commit changes `gate[1].at-most` from 50ms to 5s; judged by the default branch's 50ms until it is merged.",
      "This commit changes `serving.workers` from 1 to 9; what holds is the default branch's 1 until it is merged.",
    ]);
  });

  it('is nothing where only the commit’s own sections, comments or the order of keys differ', () => {
    const theirs = `# mine\n${OURS.replace('lr: 0.1', 'lr: 0.5').replace('floor: 0.9, margin: 0.01', 'margin: 0.01, floor: 0.9')}`;
    expect(say(theirs)).toEqual([]);
  });

  it.each(['', 'gate: [', '- a list', '&a [*a, *a]'])('is nothing when the file is %j', (theirs) => {
    expect(say(theirs)).toEqual([]);
  });

  it('stays short whatever the commit writes', () => {
    const many = Array.from({ length: 500 }, (_, index) => `  - { metric: m${index} }`).join('\n');
    const told = say(`${OURS.replace('gate:', `gate:\n${many}`)}monitor: { x: "${'y'.repeat(4_000)}" }\n`);
    expect(told).toHaveLength(21);
    expect(told.at(-1)).toMatch(/^It changes \d+ more keys of the policy\.$/);
    expect(told.join('').length).toBeLessThan(8_000);
  });
});
