import { expect, test } from 'vitest';
import { plan } from '../../actions/plan/plan.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { contextOf } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';
import { bench, comment, handOff, SHA } from './support/plan-bench.ts';

test('says at once that a chain begins: where it was asked for with its run, and beside the commit', async () => {
  const { github, request, ports } = bench(comment('/train'));
  const handed = await handOff(request, ports);
  expect(handed).toMatchObject({ thread: 7, commit: 'c'.repeat(40) });
  expect(github.statuses).toEqual([
    {
      ...{ sha: 'c'.repeat(40), context: 'trainyard/mnist/production', state: 'pending' },
      description: 'train: under way.',
    },
  ]);
  const told = [...github.comments.values()].join();
  expect(told).toMatch(/⏳ Begun: train[\s\S]*http:\/\/run/);
  const deploying = bench(comment('/deploy v2'));
  const trained = { runId: 'run-2', sha: 'e'.repeat(40), dataDigest: digestOf('data') };
  deploying.world.ledger.events.push(createEvent(contextOf('push-2'), 'training.started', trained));
  expect((await handOff(deploying.request, deploying.ports)).commit).toBe('e'.repeat(40));
  const pushed = bench(
    { ref: 'refs/heads/main', after: SHA, repository: { default_branch: 'main' } },
    'push',
  );
  expect(await handOff(pushed.request, pushed.ports)).not.toHaveProperty('thread');
  expect(pushed.github.statuses.map(({ sha }) => sha)).toEqual([SHA]);
  expect(pushed.github.comments.size).toBe(0);
  const mute = bench(comment('/train'));
  const refusing = { ...mute.github, setCommitStatus: () => Promise.reject(new Error('403')) };
  expect((await handOff(mute.request, { ...mute.ports, github: refusing })).operation).toBe('train');
});

test('says nothing of it before the plan is handed on: a plan that is lost leaves no commit waiting', async () => {
  const { github, request, ports } = bench(comment('/train'));
  await plan(request, ports);
  expect([...github.statuses, ...github.comments]).toEqual([]);
  expect(ports.later).toHaveLength(1);
});

test('answers a freeze as what is done', async () => {
  const { request, ports, github } = bench(comment('/freeze production audit'));
  await plan(request, ports);
  const told = [...github.comments.values()].join();
  expect(told).toContain('Frozen: no new rollout begins');
  expect(told).not.toContain('going to');
  expect(told).toContain('Done: freeze');
  expect(told).not.toContain('Plan');
});
