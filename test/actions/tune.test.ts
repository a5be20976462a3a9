import { describe, expect, test } from 'vitest';
import { hasFailed, readSearch, readTraining } from '../../actions/job/handoff.ts';
import { outcomeOfError } from '../../actions/job/outcome.ts';
import { train } from '../../actions/train/train.ts';
import type { TunePorts } from '../../actions/train/train-context.ts';
import { tune } from '../../actions/train/tune.ts';
import type { Search } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { TAGS } from '../../core/names.ts';
import type { SearchResult } from '../../core/search/search-result.ts';
import type { SearchRequest } from '../../core/search-port.ts';
import { leaseTag } from '../../core/training/lease.ts';
import { searchSummary } from '../core/ledger/ledger-support.ts';
import { RESULT } from '../core/search/search-result.ts';
import { digestOf } from './support/memory-agent.ts';
import { createTraining, DONE } from './support/training.ts';

/** The same job once more. */
const AGAIN = { round: 0, attempt: 2 };

const SEARCH: Search = {
  ...{
    trials: 20,
    jobs: 1,
    runners: 1,
    metric: 'val_acc',
    direction: 'maximize',
    seed: 7,
    pruning: 'median',
  },
  parameters: { share: 0.7 },
  space: { lr: { kind: 'log', low: 1e-4, high: 0.1 }, layer: { kind: 'choice', values: ['wide', 'deep'] } },
};

function createTuning(result: SearchResult = RESULT) {
  const { request, ports, tracking, steps, lines } = createTraining();
  const asked: SearchRequest[] = [];
  const written = new Map<string, string>();
  const project = { ...request.config.project, parameters: { lr: 0.1, layer: 'wide', share: 1, epochs: 3 } };
  const config = { ...request.config, project, search: SEARCH };
  const plan = { ...request.plan, operation: 'tune' as const, parameters: {} };
  const tunePorts = {
    ...ports,
    hashText: digestOf,
    writeTemp: async (name: string, text: string) => {
      written.set(name, text);
      return `/tmp/${name}`;
    },
    search: {
      requireStorage: () => undefined,
      run: async (search: SearchRequest) => {
        asked.push(search);
        search.onProgress(result);
        return { result, box: 'namespaces' as const };
      },
    },
  };
  return { request: { ...request, plan, config }, ports: tunePorts, tracking, steps, lines, asked, written };
}

/** Another job takes the search of that run up. */
async function takeUp(
  runId: string,
  { tracking, clock, seal }: Pick<TunePorts, 'tracking' | 'clock' | 'seal'>,
): Promise<void> {
  await tracking.setRunTags(runId, leaseTag({ round: 1, attempt: 1, renewedAt: clock.now() }, runId, seal));
}

describe('tune', () => {
  test('searches below one run, and hands on the best parameters with seed, data and all trials', async () => {
    const { request, ports, tracking, steps, asked, written, lines } = createTuning();
    const outcome = await tune(request, ports);
    expect(outcome).toMatchObject({
      decision: 'complete',
      reasonCode: 'searched',
      outputs: { 'run-id': 'run-1' },
    });
    expect(steps).toEqual([]);
    expect(asked[0]).toMatchObject({
      study: 'mnist/comment-1',
      step: { runId: 'run-1' },
      search: { trials: 20 },
    });
    expect(asked[0]?.step.parameters).toEqual({ lr: 0.1, layer: 'wide', share: 0.7, epochs: 3 });
    const summary = readSearch(JSON.stringify({ schema_version: 1, action: 'train', ...outcome.result }));
    expect(summary).toMatchObject({ best: RESULT.best, seed: 7, dataDigest: digestOf('data') });
    expect(summary?.resultDigest).toBe(digestOf(written.get('search.json') ?? ''));
    expect([...written.keys()]).toEqual(['search.json', 'history.svg', 'parallel.svg', 'importances.svg']);
    expect(tracking.runs.get('run-1')?.status).toBe('FINISHED');
    expect(lines.join('\n')).toContain('best val_acc 0.9');
  });

  test('takes how many trials from the command, and does not search over what has a value there', async () => {
    const { request, ports, asked } = createTuning();
    const plan = { ...request.plan, parameters: { trials: 50, jobs: 4, lr: 0.5, share: 0.9 } };
    await tune({ ...request, plan }, ports);
    expect(asked[0]?.search).toMatchObject({ trials: 50, jobs: 4, space: { layer: { kind: 'choice' } } });
    expect(asked[0]?.search.space).not.toHaveProperty('lr');
    expect(asked[0]?.step.parameters).toEqual({ lr: 0.5, layer: 'wide', share: 0.9, epochs: 3 });
  });

  test('trains with the best of them at once where that is asked for, on all the data, and says of which search', async () => {
    const { request, ports, steps, written } = createTuning();
    const outcome = await tune({ ...request, plan: { ...request.plan, next: 'train' } }, ports);
    expect(steps[0]?.parameters).toEqual({ lr: 0.01, layer: 'wide', share: 1, epochs: 3 });
    expect(outcome).toMatchObject({
      decision: 'continue',
      reasonCode: 'trained',
      outputs: { 'run-id': 'run-2' },
    });
    const text = JSON.stringify({ schema_version: 1, action: 'train', ...outcome.result });
    expect(readTraining(text).runId).toBe('run-2');
    expect(readSearch(text)?.runId).toBe('run-1');
    expect(JSON.parse(written.get('provenance.json') ?? '')).toMatchObject({
      search: { study: 'mnist/comment-1', runId: 'run-1', trial: 1, seed: 7, data: 'same' },
    });
  });

  test('goes on with a production run where that is asked for', async () => {
    const { request, ports, tracking, written } = createTuning();
    const outcome = await tune({ ...request, plan: { ...request.plan, next: 'production' } }, ports);
    expect(outcome.result).toMatchObject({ study: { study: 'mnist/comment-1', data: 'same' } });
    expect(JSON.parse(written.get('provenance.json') ?? '')).toMatchObject({ pipeline: 'production' });
    expect(tracking.runs.get('run-2')?.tags).toMatchObject({ 'trainyard.pipeline': 'production' });
  });

  test('hands on what it found also where the training with it fails', async () => {
    const { request, ports } = createTuning();
    const plan = { ...request.plan, next: 'train' as const };
    const end = { ...DONE, status: 'failed', code: 1, lines: ['no room'] } as const;
    const project = { run: async () => end };
    const thrown: unknown = await tune({ ...request, plan }, { ...ports, project }).catch((error) => error);
    const { decision, reasonCode, headline, result } = outcomeOfError(thrown);
    expect([decision, reasonCode, headline]).toEqual([
      'failure',
      'user-error',
      expect.stringContaining('no room'),
    ]);
    const handedOn = JSON.stringify({ schema_version: 1, action: 'train', decision, ...result });
    expect(readSearch(handedOn)?.best).toEqual(RESULT.best);
    expect(hasFailed(handedOn)).toBe(true);
  });

  test('does not search again what the ledger has', async () => {
    const first = createTuning();
    const { result } = await tune(first.request, first.ports);
    const searched = readSearch(JSON.stringify({ schema_version: 1, action: 'train', ...result }));
    if (searched === undefined) throw new Error('no search');
    const plan = { ...first.request.plan, searched };
    const outcome = await tune({ ...first.request, plan, holder: AGAIN }, first.ports);
    expect(outcome.reasonCode).toBe('already-searched');
    expect(first.asked).toHaveLength(1);
  });

  test('goes on below the run of an earlier attempt', async () => {
    const { request, ports, asked } = createTuning();
    await tune(request, ports);
    await tune({ ...request, holder: AGAIN }, ports);
    expect(asked.map(({ step }) => step.runId)).toEqual(['run-1', 'run-1']);
  });

  test('ranks no trials on other data with those of an earlier attempt, where its study may have outlived it', async () => {
    const { request, ports, tracking, asked } = createTuning();
    const again = (search: Search, data: string) => {
      const config = { ...request.config, search };
      const hashData = async () => ({ digest: digestOf(data), files: [], empty: [] });
      return tune({ ...request, config, holder: AGAIN }, { ...ports, hashData });
    };
    const shared = { ...SEARCH, storage: 'shared' };
    await tune(request, ports);
    await expect(again(shared, 'others')).rejects.toMatchObject({
      problems: [{ code: 'search-data-changed' }],
    });
    expect([asked.length, tracking.runs.get('run-1')?.status]).toEqual([1, 'FAILED']);
    await again(shared, 'data');
    await again(SEARCH, 'others');
    expect(asked).toHaveLength(3);
  });

  test('holds the search until it is over, and gives it back', async () => {
    const { request, ports, tracking } = createTuning();
    const lease = () => tracking.runs.get('run-1')?.tags[`${TAGS.lease}.0.1`];
    const seen: (string | undefined)[] = [];
    const run = async (search: SearchRequest) => {
      for (let looks = 0; looks < 5; looks += 1) {
        seen.push(lease());
        await ports.clock.wait(60_000);
      }
      return ports.search.run(search);
    };
    await tune(request, { ...ports, search: { ...ports.search, run } });
    expect(new Set(seen).size).toBeGreaterThan(3);
    expect(seen[0]).toBeDefined();
    expect(lease()).toMatch(/^1970-01-01T00:00:00/);
  });

  test('stops where another job has taken the search up, and leaves its run to that', async () => {
    const { request, ports, tracking } = createTuning();
    const run = async ({ step: { runId, signal } }: SearchRequest) => {
      await takeUp(runId, ports);
      while (signal?.aborted === false) await ports.clock.wait(10_000);
      throw new DOMException('The search was stopped.', 'AbortError');
    };
    await expect(tune(request, { ...ports, search: { ...ports.search, run } })).rejects.toMatchObject({
      problems: [{ code: 'lease-lost' }],
    });
    expect(tracking.runs.get('run-1')?.status).toBe('RUNNING');
  });

  test('leaves its run to a job that has taken the search up while its files were kept', async () => {
    const { request, ports, tracking } = createTuning();
    const uploadArtifact: typeof ports.tracking.uploadArtifact = async (runId, ...given) => {
      await ports.tracking.uploadArtifact(runId, ...given);
      await takeUp(runId, ports);
    };
    const slow = { ...ports, tracking: { ...tracking, uploadArtifact } };
    await expect(tune(request, slow)).rejects.toMatchObject({
      problems: [{ code: 'lease-lost' }],
    });
    expect(tracking.runs.get('run-1')?.status).toBe('RUNNING');
  });

  test.each([
    ['nothing is left to search over', { lr: 0.1, layer: 'deep' }, RESULT, 'nothing-to-search'],
    ['no trial came to its end', {}, { ...RESULT, best: null, complete: 0 }, 'search-empty'],
  ])('says what to change where %s', async (_, parameters, result, code) => {
    const { request, ports } = createTuning(result);
    const thrown: unknown = await tune({ ...request, plan: { ...request.plan, parameters } }, ports).catch(
      (error: unknown) => error,
    );
    expect(thrown instanceof UserError ? thrown.problems[0]?.code : thrown).toBe(code);
  });
});

describe('the data of a training beside those of its search', () => {
  const file = (path: string, digest = path) => ({ path, digest });
  const best = { trial: 3, runId: 't', value: 1, parameters: { lr: 0.1 } };
  const summary = searchSummary({ best, dataDigest: digestOf('searched') });
  const KNOWN = { summary, sha: 'a'.repeat(40), given: {} };

  /** A training that the ledger has this search for, and what the artifact of that says it read. */
  function createKnown(
    searched: ReturnType<typeof file>[] | undefined,
    files = [file('a')],
    digest = 'other',
  ) {
    const bench = createTraining();
    const written = new Map<string, string>();
    const ports = {
      ...bench.ports,
      hashData: async () => ({ digest: digestOf(digest), files, empty: [] }),
      readSearched: async () => searched ?? Promise.reject(new Error('it is gone')),
      writeTemp: async (name: string, text: string) => {
        written.set(name, text);
        return `/tmp/${name}`;
      },
    };
    const plan = { ...bench.request.plan, searches: [KNOWN] };
    const provenance = () => JSON.parse(written.get('provenance.json') ?? '{}');
    return { ...bench, request: { ...bench.request, plan }, ports, provenance };
  }

  test.each([
    ['same', 'searched', undefined, [file('a')]],
    ['superset', 'other', [file('a')], [file('a'), file('b')]],
    ['other', 'other', [file('a'), file('b')], [file('b')]],
    ['other', 'other', [file('a')], [file('a', 'changed')]],
    ['unknown', 'other', undefined, [file('a')]],
  ])('are %s, which provenance, run and hand-over say', async (data, digest, searched, files) => {
    const { request, ports, tracking, provenance } = createKnown(searched, files, digest);
    const { result } = await train(request, ports);
    expect(provenance()).toMatchObject({
      pipeline: 'training',
      search: { study: 's', runId: 'r', trial: 3, sha: KNOWN.sha, data },
    });
    const study = { study: 's', runId: 'r', trial: 3, data };
    expect(JSON.parse(tracking.runs.get('run-1')?.tags['trainyard.study'] ?? '')).toEqual(study);
    expect(result).toMatchObject({ study });
  });

  test('are not looked at where the parameters are no search’s', async () => {
    const { request, ports, provenance } = createKnown([]);
    const plan = { ...request.plan, parameters: { lr: 0.2 } };
    expect((await train({ ...request, plan }, ports)).result).not.toHaveProperty('study');
    expect(provenance()).not.toHaveProperty('search');
  });

  test('of production are all of those, or nothing is trained', async () => {
    const production = (request: typeof KNOWN_REQUEST) => ({
      ...request,
      plan: { ...request.plan, production: true as const },
    });
    const { request: KNOWN_REQUEST } = createKnown([]);
    const codeOf = async (bench: ReturnType<typeof createKnown>, parameters = { lr: 0.1 }) => {
      const asked = production({ ...bench.request, plan: { ...bench.request.plan, parameters } });
      const thrown: unknown = await train(asked, bench.ports).catch((error: unknown) => error);
      expect(bench.steps).toEqual([]);
      return thrown instanceof UserError ? thrown.problems[0] : thrown;
    };
    expect(await codeOf(createKnown([file('a'), file('b')]))).toMatchObject({
      code: 'data-not-superset',
      message: expect.stringContaining('b'),
    });
    expect(await codeOf(createKnown(undefined))).toMatchObject({ code: 'search-unreadable' });
    expect(await codeOf(createKnown([file('a')]), { lr: 0.2 })).toMatchObject({
      code: 'not-of-a-search',
      message: expect.stringContaining('lr=0.1'),
    });
    const fine = createKnown([file('a')], [file('a'), file('b')]);
    expect(await train(production(fine.request), fine.ports)).toMatchObject({ reasonCode: 'trained' });
    expect(fine.provenance()).toMatchObject({ pipeline: 'production', search: { data: 'superset' } });
    expect(fine.tracking.runs.get('run-1')?.tags).toMatchObject({ 'trainyard.pipeline': 'production' });
  });

  test('are told again by an attempt that finds the training done', async () => {
    const bench = createKnown([file('a')], [file('a'), file('b')]);
    const first = await train(bench.request, bench.ports);
    const again = await train({ ...bench.request, holder: AGAIN }, bench.ports);
    expect(again.reasonCode).toBe('already-trained');
    expect(again.result['study']).toEqual(first.result['study']);
  });
});
