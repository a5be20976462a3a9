import { describe, expect, test } from 'vitest';
import { propose } from '../../actions/propose/propose.ts';
import type { Search } from '../../core/config/config.ts';
import { ServiceError } from '../../core/errors.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import { foldLedger } from '../../core/ledger/fold.ts';
import type { SearchSummary } from '../../core/ledger/search/search-summary.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import { createWorld } from './support/deployment.ts';
import { createManualClock } from './support/manual-clock.ts';
import { digestOf } from './support/memory-agent.ts';
import { createMemoryLedger } from './support/memory-ledger.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

const AUTHOR = {
  model: 'mnist',
  actor: 'ann',
  cause: { kind: 'comment', id: 'comment-1' },
  workflow: { repository: 'acme/digits', run: '1', attempt: 1, sha: 'c'.repeat(40) },
} as const;
const SEARCH: SearchSummary = {
  ...{ runId: 'run-1', study: 'mnist/comment-1', metric: 'val_acc', direction: 'maximize', seed: 7 },
  ...{ asked: 20, complete: 18, pruned: 2, dataDigest: digestOf('data'), resultDigest: digestOf('result') },
  best: { trial: 3, runId: 'trial-3', value: 0.97, parameters: { lr: 0.02 } },
};
const FILE = 'project: { parameters: { lr: 0.1 } } # ours\n';

function begun(next?: 'train'): readonly LedgerEvent[] {
  const context = { ...AUTHOR, at: '2026-11-21T10:00:00.000Z' };
  const asked = { operation: 'tune', sha: 'c'.repeat(40), parameters: {}, ...(next && { next }) } as const;
  const held = { lock: 'search', holder: 'comment-1', expiresAt: '2026-11-24T10:00:00.000Z' } as const;
  return [
    createEvent(context, 'training.requested', asked),
    createEvent(context, 'lock.acquired', held, 'search'),
  ];
}

function createProposal({ next, pullRequest = 7 }: { next?: 'train'; pullRequest?: number } = {}) {
  const world = createWorld([]);
  const { plan, config } = world.job({ operation: 'tune' }).request;
  const ledger = createMemoryLedger(begun(next));
  const github = createRecordingGitHub();
  github.files.set(`${plan.sha}:trainyard.yml`, FILE);
  const asked = { ...plan, correlationId: 'comment-1', pullRequest, ...(next && { next }) };
  const request = {
    plan: asked,
    config,
    file: 'trainyard.yml',
    search: SEARCH,
    hasFailed: false,
    author: AUTHOR,
  };
  const ports = { ledger, github, clock: createManualClock(), log: world.job({}).ports.log };
  return { request, ports, ledger, github };
}

function textOf(report: Parameters<typeof renderMarkdown>[0]): string {
  return renderMarkdown(report, { kind: 'summary' });
}

describe('propose', () => {
  test('records the search, lets the next one begin, and opens a pull request that changes its parameters alone', async () => {
    const { request, ports, ledger, github } = createProposal();
    const outcome = await propose(request, ports);
    expect(ledger.kinds().slice(2)).toEqual(['search.finished', 'lock.released']);
    const state = foldLedger('mnist', ledger.events);
    expect(state.trainings['comment-1']).toMatchObject({ status: 'finished', search: SEARCH });
    expect(state.locks).toEqual({});
    expect(github.proposals).toMatchObject([
      {
        branch: 'trainyard-tune-comment-1',
        base: 'feature',
        file: 'trainyard.yml',
        text: FILE.replace('0.1', '0.02'),
        body: expect.stringContaining(digestOf('data')),
      },
    ]);
    expect(outcome.outputs).toEqual({ 'pull-request': 'http://github.test/pull/9' });
  });

  test('proposes what every trial was given beside them, without which they are no longer the best', async () => {
    const { request, ports, github } = createProposal();
    const file = 'project: { parameters: { lr: 0.1, depth: 2, share: 1 } }\n';
    github.files.set(`${request.plan.sha}:trainyard.yml`, file);
    const search: Search = {
      ...{
        trials: 20,
        jobs: 1,
        runners: 1,
        metric: 'val_acc',
        direction: 'maximize',
        seed: 7,
        pruning: 'median',
      },
      ...{ parameters: { share: 0.7 }, space: { lr: { kind: 'log', low: 0.001, high: 1 } } },
    };
    const parameters = { trials: 5, jobs: 2, depth: 4, share: 0.5 };
    const plan = { ...request.plan, operation: 'tune', parameters } as const;
    const asked = { ...request, config: { ...request.config, search }, plan };
    await propose(asked, ports);
    expect(github.proposals).toMatchObject([
      {
        text: 'project: { parameters: { lr: 0.02, depth: 4, share: 1 } }\n',
        body: expect.stringContaining('depth=4'),
      },
    ]);
  });

  test('run again it writes nothing twice', async () => {
    const { request, ports, ledger } = createProposal();
    await propose(request, ports);
    await propose(request, ports);
    expect(ledger.kinds()).toHaveLength(4);
  });

  test('leaves the request open, and proposes nothing, where a training follows at once', async () => {
    const { request, ports, ledger, github } = createProposal({ next: 'train' });
    await propose(request, ports);
    expect(foldLedger('mnist', ledger.events).trainings['comment-1']).toMatchObject({ status: 'requested' });
    expect(github.proposals).toEqual([]);
  });

  test('keeps the search where the training that followed it failed, and says how to go on', async () => {
    const { request, ports, ledger } = createProposal({ next: 'train' });
    const outcome = await propose({ ...request, hasFailed: true }, ports);
    expect(ledger.kinds().slice(2)).toEqual(['search.finished', 'lock.released']);
    expect(outcome.headline).toMatch(/is on record; the training with what it found failed/);
    expect(textOf(outcome.report)).toContain('`/train lr=0.02`');
    expect(textOf(outcome.report)).not.toContain('follows at once');
  });

  test('shows the lines to change, and why, where GitHub lets it open none', async () => {
    const { request, ports } = createProposal();
    const refused = new ServiceError({
      code: 'github-refused',
      message: 'GitHub answered 403: not permitted to create pull requests.',
      remedy: 'Allow it.',
      where: { kind: 'endpoint', endpoint: 'http://github.test' },
    });
    const github = { ...ports.github, proposeChange: () => Promise.reject(refused) };
    const { report, outputs } = await propose(request, { ...ports, github });
    expect(outputs).toEqual({ 'pull-request': '' });
    expect(textOf(report)).toContain('not permitted to create pull requests');
    expect(textOf(report)).toContain(`- ${FILE.trim()}\n+ ${FILE.trim().replace('0.1', '0.02')}`);
  });

  test('writes nothing to the branch of a fork', async () => {
    const { request, ports, github } = createProposal();
    const getPullRequest = async (number: number) => ({
      ...(await github.getPullRequest(number)),
      headRepository: 'eve/digits',
    });
    const { report } = await propose(request, { ...ports, github: { ...github, getPullRequest } });
    expect(github.proposals).toEqual([]);
    expect(textOf(report)).toContain('comes from a fork');
  });

  test('a search that failed is on record as failed, and the next one may begin', async () => {
    const { request, ports, ledger } = createProposal();
    const outcome = await propose({ ...request, search: undefined }, ports);
    expect(ledger.kinds().slice(2)).toEqual(['training.finished', 'lock.released']);
    expect(foldLedger('mnist', ledger.events).trainings['comment-1']?.status).toBe('failed');
    expect(outcome.decision).toBe('complete');
  });
});
