import { expect, test } from 'vitest';
import { tellSearches } from '../../actions/monitor-check/tell-searches.ts';
import { tellProgress } from '../../actions/train/tell-progress.ts';
import { signDispatch } from '../../adapters/dispatch-signature.ts';
import { createSeal } from '../../adapters/seal.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { RESULT } from '../core/search/search-result.ts';
import { createWorld } from './support/deployment.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

const NONCE = 'n'.repeat(64);

/** A search that a pull request has asked for, and what its comment says when the monitor has looked. */
async function searching({ nonce = NONCE, operation = 'tune' as 'tune' | 'train' } = {}) {
  const world = createWorld([]);
  const { tracking, clock, ledger } = world;
  const { author, config, environmentName, environment } = world.job({}).request;
  const cause = { kind: 'comment', id: 'comment-9' } as const;
  const asked = { operation, sha: 'a'.repeat(40), parameters: {}, pullRequest: 7, nonce: NONCE };
  const at = clock.now();
  ledger.events.push(createEvent({ ...author, cause, at }, 'training.requested', asked));
  const tags = { 'trainyard.correlation-id': 'comment-9', 'trainyard.step': 'search' };
  const { runId } = await tracking.createRun({ experiment: 'mnist', name: 'search', tags });
  const tell = tellProgress(
    { tracking, clock, log: { info: () => undefined }, seal: createSeal(nonce) },
    { runId, metric: 'val_acc' },
  );
  const github = createRecordingGitHub();
  const look = async () => {
    const request = { config, environmentName, environment, author, runUrl: 'http://runs/1' };
    const sign: Parameters<typeof tellSearches>[0]['ports']['sign'] = (type, payload) =>
      signDispatch('s', type, payload);
    const ports = { ...world.job({}).ports, tracking, agents: world.agents, github, sign };
    await tellSearches({ request, ports }, await ledger.read('mnist'));
    return [...github.comments.values()].join('\n');
  };
  return { tell, look, clock, tracking, runId };
}

test('the comment of a search says how far it is: trials, the best so far, the values and the time left', async () => {
  const { tell, look } = await searching();
  expect(await look()).toBe('');
  tell({ ...RESULT, asked: 40 });
  const said = await look();
  expect(said).toMatch(/4 of 40 trials.* best val\\*_acc 0\.9.*[▁▂▃▄▅▆▇█]{2}.* left/);
  expect(said).toContain('as of 2026-11-21T12:00:00.000Z');
  // Where propose says in the end what came of it.
  expect(said).toContain('begin propose');
});

test('it is told anew at most every half minute', async () => {
  const { tell, look, clock } = await searching();
  tell({ ...RESULT, asked: 40 });
  tell({ ...RESULT, asked: 41 });
  expect(await look()).toContain('of 40 trials');
  await clock.wait(30_000);
  tell({ ...RESULT, asked: 42 });
  expect(await look()).toContain('of 42 trials');
});

test.each([
  ['was sealed with another nonce', { nonce: 'o'.repeat(64) }],
  ['is of a training', { operation: 'train' as const }],
])('nothing is said of what %s', async (_, options) => {
  const { tell, look } = await searching(options);
  tell({ ...RESULT, asked: 40 });
  expect(await look()).toBe('');
});

test('nothing more is said of a search that is over', async () => {
  const { tell, look, tracking, runId } = await searching();
  tell({ ...RESULT, asked: 40 });
  await tracking.endRun(runId, 'FINISHED');
  expect(await look()).toBe('');
});
