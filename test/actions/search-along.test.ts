import { describe, expect, test } from 'vitest';
import { plan } from '../../actions/plan/plan.ts';
import { sealOpened, searchedTag } from '../../actions/train/find-earlier.ts';
import { holdLease } from '../../actions/train/hold-lease.ts';
import { searchAlong } from '../../actions/train/search/search-along.ts';
import { tune } from '../../actions/train/tune.ts';
import type { Search } from '../../core/config/config.ts';
import { secondsBetween } from '../../core/instant.ts';
import { TAGS } from '../../core/names.ts';
import type { SearchRequest } from '../../core/search-port.ts';
import { searchSummary } from '../core/ledger/ledger-support.ts';
import { RESULT } from '../core/search/search-result.ts';
import { digestOf } from './support/memory-agent.ts';
import { bench, comment } from './support/plan-bench.ts';
import { createTraining } from './support/training.ts';

const SEARCH: Search = {
  ...{ trials: 20, jobs: 2, runners: 3, metric: 'val_acc', direction: 'maximize', seed: 7 },
  ...{
    storage: 'shared',
    pruning: 'median',
    parameters: {},
    space: { lr: { kind: 'log', low: 1e-4, high: 0.1 } },
  },
};

/** A search that another job has begun, or not, and what a runner that searches along does of it. */
function createAlong() {
  const bench = createTraining();
  const { tracking } = bench;
  const asked: SearchRequest[] = [];
  const project = { ...bench.request.config.project, parameters: { lr: 0.1 } };
  const config = { ...bench.request.config, project, search: SEARCH };
  const plan = { ...bench.request.plan, operation: 'tune' as const, parameters: {} };
  const request = { ...bench.request, plan, config };
  const ports = {
    ...bench.ports,
    hashText: digestOf,
    writeTemp: async (name: string) => `/tmp/${name}`,
    search: {
      requireStorage: () => undefined,
      run: async (search: SearchRequest) => {
        asked.push(search);
        return { result: RESULT, box: 'namespaces' as const };
      },
    },
  };
  /** What the job that looks after the search has on its run, with the data of that digest once it knows them. */
  const begin = async (dataDigest?: string) => {
    const { correlationId, sha } = plan;
    const tags = { [TAGS.correlation]: correlationId, [TAGS.sha]: sha, [TAGS.step]: 'search' };
    const { runId } = await tracking.createRun({ experiment: 'e', name: 'search', tags });
    const known = dataDigest === undefined ? {} : searchedTag(request, ports, { runId, dataDigest });
    await tracking.setRunTags(runId, { [TAGS.openedSeal]: sealOpened(request, ports, runId), ...known });
    return runId;
  };
  return { request, ports, tracking, asked, begin };
}

/** Ends with the search, as the runtime does where it is told to. */
const untilAborted = async ({ step }: SearchRequest) => {
  await new Promise((resolve) => step.signal?.addEventListener('abort', resolve, { once: true }));
  throw new DOMException('The job was cancelled.', 'AbortError');
};

test('plan lists the runners that search along, as the default branch has them, for a search alone', async () => {
  const searchersOf = async (command: string, runners: number) => {
    const { request, ports } = bench(comment(command));
    const project = { ...request.config.project, parameters: { lr: 0.1 } };
    const config = { ...request.config, project, search: { ...SEARCH, runners } };
    return (await plan({ ...request, config }, ports)).outputs.searchers;
  };
  expect(await searchersOf('/tune', 4)).toBe('[2,3,4]');
  expect(await searchersOf('/tune', 1)).toBe('');
  expect(await searchersOf('/train', 4)).toBe('');
});

describe('a runner that searches along', () => {
  test('tries trials of the study that another job looks after, under a name of its own', async () => {
    const { request, ports, tracking, asked, begin } = createAlong();
    const runId = await begin(digestOf('data'));
    const outcome = await searchAlong('2')(request, ports);
    expect(outcome).toMatchObject({ decision: 'complete', reasonCode: 'searched', outputs: {} });
    expect(asked).toMatchObject([{ study: 'mnist/comment-1', host: 'runner-2', step: { runId } }]);
    expect(tracking.runs.get(runId)?.status).toBe('RUNNING');
  });

  test('finds what the job of a search says of itself', async () => {
    const { request, ports, tracking, asked } = createAlong();
    const run = async (search: SearchRequest) => {
      asked.push(search);
      if (search.host === 'job') await searchAlong('3')(request, ports);
      return { result: RESULT, box: 'namespaces' as const };
    };
    await tune(request, { ...ports, search: { ...ports.search, run } });
    expect(asked.map(({ host }) => host)).toEqual(['job', 'runner-3']);
    expect(asked[1]).toMatchObject({ study: asked[0]?.study, step: { runId: asked[0]?.step.runId } });
    expect(tracking.runs.get(asked[0]?.step.runId ?? '')?.status).toBe('FINISHED');
  });

  test('waits until that job has said which data it reads', async () => {
    const { request, ports, tracking, asked, begin } = createAlong();
    const runId = await begin();
    let looks = 0;
    const wait = async () => {
      looks += 1;
      // Longer than a search may take to begin: it has begun.
      if (looks < 100) return;
      await tracking.setRunTags(runId, searchedTag(request, ports, { runId, dataDigest: digestOf('data') }));
    };
    const outcome = await searchAlong('2')(request, { ...ports, clock: { ...ports.clock, wait } });
    expect([outcome.reasonCode, asked.length]).toEqual(['searched', 1]);
  });

  test.each(['FINISHED', 'none', 'of the ledger'] as const)(
    'does nothing where the search is %s',
    async (how) => {
      const { request, ports, tracking, asked, begin } = createAlong();
      if (how === 'FINISHED') await tracking.endRun(await begin(digestOf('data')), how);
      const plan = how === 'of the ledger' ? { ...request.plan, searched: searchSummary({}) } : request.plan;
      const outcome = await searchAlong('2')({ ...request, plan }, ports);
      expect([outcome.decision, outcome.reasonCode]).toEqual(['complete', 'nothing-to-do']);
      expect(asked).toEqual([]);
    },
  );

  test('tries nothing on other data than those of the search', async () => {
    const { request, ports, asked, begin } = createAlong();
    await begin(digestOf('others'));
    await expect(searchAlong('2')(request, ports)).rejects.toMatchObject({
      problems: [{ code: 'search-data-differ' }],
    });
    expect(asked).toEqual([]);
  });

  test('believes no digest that no job of this search has sealed', async () => {
    const { request, ports, tracking, asked, begin } = createAlong();
    const runId = await begin();
    await tracking.setRunTags(runId, { [TAGS.searchedData]: `${digestOf('data')} ${'0'.repeat(64)}` });
    const wait = async () => tracking.endRun(runId, 'FINISHED');
    const outcome = await searchAlong('2')(request, { ...ports, clock: { ...ports.clock, wait } });
    expect([outcome.reasonCode, asked.length]).toEqual(['nothing-to-do', 0]);
  });

  test.each(['FINISHED', 'FAILED', 'KILLED'] as const)(
    'ends with the search, and as well, where that is %s',
    async (status) => {
      const { request, ports, tracking, begin } = createAlong();
      const runId = await begin(digestOf('data'));
      const run = async (search: SearchRequest) => {
        await tracking.endRun(runId, status);
        return untilAborted(search);
      };
      const outcome = await searchAlong('2')(request, { ...ports, search: { ...ports.search, run } });
      expect([outcome.decision, outcome.reasonCode]).toEqual(['complete', 'searched']);
    },
  );

  test('that is cancelled ends as such', async () => {
    const { request, ports, begin } = createAlong();
    await begin(digestOf('data'));
    const cancelling = new AbortController();
    const run = async () => {
      cancelling.abort(new DOMException('The job was cancelled.', 'AbortError'));
      throw new Error('ended');
    };
    const asked = { ...request, signal: cancelling.signal };
    await expect(searchAlong('2')(asked, { ...ports, search: { ...ports.search, run } })).rejects.toThrow(
      'was cancelled',
    );
  });

  test('does nothing, and says why, where the commit has no storage that runners share', async () => {
    const { request, ports, asked, begin } = createAlong();
    await begin(digestOf('data'));
    const { storage: _, ...search } = SEARCH;
    const outcome = await searchAlong('2')({ ...request, config: { ...request.config, search } }, ports);
    expect([outcome.reasonCode, asked]).toEqual(['nothing-to-do', []]);
    expect(outcome.headline).toContain('search.storage');
  });

  test('takes the storage for one of several runners, whatever number the commit names', async () => {
    const { request, ports, asked, begin } = createAlong();
    await begin(digestOf('data'));
    const config = { ...request.config, search: { ...SEARCH, runners: 1 } };
    const required: Search[] = [];
    const requireStorage = (search: Search) => void required.push(search);
    await searchAlong('2')({ ...request, config }, { ...ports, search: { ...ports.search, requireStorage } });
    expect([required[0]?.runners, asked[0]?.search.runners]).toEqual([2, 2]);
  });

  test('leaves where the job of the search is lost before it has said what data it reads', async () => {
    const { request, ports, asked, begin } = createAlong();
    await begin();
    const since = ports.clock.now();
    const outcome = await searchAlong('2')(request, ports);
    expect([outcome.reasonCode, asked]).toEqual(['nothing-to-do', []]);
    expect(secondsBetween(since, ports.clock.now())).toBe(900);
  });

  test('waits two minutes for a run that is not there', async () => {
    const { request, ports } = createAlong();
    const since = ports.clock.now();
    expect((await searchAlong('2')(request, ports)).reasonCode).toBe('nothing-to-do');
    expect(secondsBetween(since, ports.clock.now())).toBe(120);
  });

  test('leaves where the job of the search is lost while this one tries trials', async () => {
    const { request, ports, begin } = createAlong();
    await begin(digestOf('data'));
    const since = ports.clock.now();
    const search = { ...ports.search, run: untilAborted };
    expect((await searchAlong('2')(request, { ...ports, search })).reasonCode).toBe('searched');
    expect(secondsBetween(since, ports.clock.now())).toBeGreaterThanOrEqual(900);
  });

  test('stays while the job of the search says that it lives, and for no word that it has not sealed', async () => {
    const { request, ports, tracking, begin } = createAlong();
    const runId = await begin(digestOf('data'));
    const held = await holdLease(request, ports, runId);
    const { clock } = ports;
    const since = clock.now();
    let stopped = since;
    const run = async (search: SearchRequest) => {
      while (secondsBetween(since, clock.now()) < 7_200) {
        await clock.wait(10_000);
        expect(search.step.signal?.aborted).toBe(false);
      }
      await held.release();
      stopped = clock.now();
      search.step.signal?.addEventListener('abort', () => (stopped = clock.now()), { once: true });
      while (search.step.signal?.aborted === false) {
        await clock.wait(10_000);
        await tracking.setRunTags(runId, { [`${TAGS.lease}.0.1`]: `${clock.now()} ${'0'.repeat(64)}` });
      }
      throw new DOMException('The job was cancelled.', 'AbortError');
    };
    const outcome = await searchAlong('2')(request, { ...ports, search: { ...ports.search, run } });
    expect(outcome.reasonCode).toBe('searched');
    expect(secondsBetween(since, stopped)).toBeGreaterThanOrEqual(8_000);
  });

  test('bears a server that does not answer for a while, and tells of one that goes on so', async () => {
    const { request, ports, tracking, asked, begin } = createAlong();
    await begin(digestOf('data'));
    const failing = (times: number) => {
      let failed = 0;
      const findRuns: typeof tracking.findRuns = async (...of) => {
        failed += 1;
        if (failed <= times) throw new Error('502 Bad Gateway');
        return tracking.findRuns(...of);
      };
      return { ...ports, tracking: Object.assign(Object.create(tracking), { findRuns }) };
    };
    expect((await searchAlong('2')(request, failing(20))).reasonCode).toBe('searched');
    expect(asked).toHaveLength(1);
    await expect(searchAlong('2')(request, failing(Infinity))).rejects.toThrow('502 Bad Gateway');
  });
});
