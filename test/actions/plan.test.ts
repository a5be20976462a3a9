import { describe, expect, test } from 'vitest';
import { type PlanRequest, plan } from '../../actions/plan/plan.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { GitHub, Ledger } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { searchSummary } from '../core/ledger/ledger-support.ts';
import { contextOf } from './support/deployment.ts';
import { digestOf } from './support/memory-agent.ts';
import { createMemoryLedger } from './support/memory-ledger.ts';
import { bench, comment, handOff, POLICY, SHA } from './support/plan-bench.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

/** A ledger in memory that says which commit it was read from, as one in git does. */
function onBranch(ledger: Ledger): Ledger {
  const origin = { commit: 'c1', replaces: [], digests: [] };
  return {
    ...ledger,
    read: async (model) => ({ ...(await ledger.read(model)), origin }),
    append: async (model, propose) => {
      const appended = await ledger.append(model, propose);
      if (!appended.ok) return appended;
      return ok({ ...appended.value, state: { ...appended.value.state, origin } });
    },
  };
}

/** With a search over the one parameter of the project. */
function searching(config: PlanRequest['config']): PlanRequest['config'] {
  const shared = {
    trials: 20,
    jobs: 1,
    runners: 1,
    metric: 'acc',
    direction: 'maximize',
    seed: 0,
    pruning: 'none',
  } as const;
  const space = { lr: { kind: 'uniform', low: 0, high: 1 } } as const;
  const project = { ...config.project, parameters: { lr: 0.1 } };
  return { ...config, project, search: { ...shared, parameters: {}, space } };
}

function lockedBy(holder: string): readonly LedgerEvent[] {
  const cause = { kind: 'comment', id: holder } as const;
  const workflow = { repository: 'acme/digits', run: '9', attempt: 1, sha: SHA };
  const context = { model: 'mnist', actor: 'bob', cause, workflow, at: '2026-11-21T09:00:00.000Z' };
  const data = { lock: 'search', holder, expiresAt: '2026-11-29T09:00:00.000Z' } as const;
  return [createEvent(context, 'lock.acquired', data, holder)];
}

/** The same run, started again by a person. */
function secondAttempt(request: PlanRequest): PlanRequest {
  return { ...request, attempt: 2, workflow: { ...request.workflow, attempt: 2 } };
}

describe('plan', () => {
  test('turns /train into a request on record, and a hand-off that later jobs can read', async () => {
    const { world, github, request, ports } = bench(comment('/train'));
    const read = await handOff(request, ports);
    expect(read).toMatchObject({
      operation: 'train',
      sha: 'c'.repeat(40),
      actor: 'ann',
      pullRequest: 7,
      dryRun: false,
    });
    expect(read.policySha).toBe('d'.repeat(40));
    const model = { runId: 'run-1', modelUri: 'models:/m-1', modelDigest: digestOf('model 1') };
    expect(read.champion).toEqual({ version: '1', ...model });
    expect(world.ledger.kinds().at(-1)).toBe('training.requested');
    expect(github.reactions).toEqual(['eyes', 'rocket']);
  });

  test('names the predictions by which the champion passed its own gate, which say how it takes pictures', async () => {
    const { world, request, ports } = bench(comment('/train'));
    const gate = {
      ...({ runId: 'run-1', verdict: 'pass', headline: 'pass.', evidenceDigest: digestOf('e') } as const),
      ...{ holdoutDigest: digestOf('h'), predictions: digestOf('own') },
    };
    await world.ledger.append('mnist', () => ok([createEvent(contextOf('again'), 'gate.judged', gate)]));
    expect((await handOff(request, ports)).champion?.ownGate).toEqual({
      ...{ holdoutDigest: digestOf('h'), predictions: digestOf('own') },
    });
  });

  test('turns /train --production into a request on record where there is a search, and hands that on', async () => {
    const { world, request, ports } = bench(comment('/train --production'));
    const context = contextOf('comment-1');
    world.ledger.events.push(createEvent(context, 'search.finished', searchSummary()));
    const read = await handOff(request, ports);
    expect(read).toMatchObject({ production: true, searches: [{ summary: { study: 's' } }] });
    const state = await world.ledger.read('mnist');
    expect(state.trainings['comment-42']).toMatchObject({ production: true });
  });

  test('turns /tune into a request with the lock of a search, and what follows it', async () => {
    const { world, request, ports } = bench(comment('/tune lr=1 --then train'));
    const asked = { ...request, config: searching(request.config) };
    const read = await handOff({ ...asked, config: searching(request.config) }, ports);
    expect(read).toMatchObject({ operation: 'tune', next: 'train', parameters: { lr: 1 } });
    expect(world.ledger.kinds().slice(-2)).toEqual(['training.requested', 'lock.acquired']);
    const state = await world.ledger.read('mnist');
    expect(state.locks).toMatchObject({ search: { holder: 'comment-42' } });
    expect(state.trainings['comment-42']).toMatchObject({ operation: 'tune', next: 'train' });
    // Run again it has its lock, and takes none a second time.
    await handOff(secondAttempt(asked), ports);
    expect(world.ledger.kinds().filter((kind) => kind === 'lock.acquired')).toHaveLength(1);
  });

  test('refuses a second search of the model, and keeps no training waiting for one', async () => {
    const { world, request, ports } = bench(comment('/tune'));
    const config = searching(request.config);
    world.ledger.events.push(...lockedBy('comment-1'));
    expect(await plan({ ...request, config }, ports)).toMatchObject({
      decision: 'stop',
      result: { code: 'search-running', message: expect.stringContaining('comment-1') },
    });
    expect(world.ledger.kinds()).not.toContain('training.requested');
    const other = bench(comment('/train'));
    other.world.ledger.events.push(...lockedBy('comment-1'));
    expect(await handOff(other.request, other.ports)).toMatchObject({ operation: 'train' });
  });

  test('hands on what the commit would change in the policy, and is not stopped when that can not be told', async () => {
    const { github, request, ports } = bench(comment('/train'));
    github.files.set(`${'c'.repeat(40)}:trainyard.yml`, POLICY.replace('0.01', '0.05'));
    const told =
      "This commit changes `gate[0].margin` from 0.01 to 0.05; judged by the default branch's 0.01 until it is merged.";
    const handed = await handOff(request, ports);
    expect(handed.policyChanges).toEqual([told]);
    expect(handed.proposedGate).toContain('0.05');
    const touching = bench(comment('/train'));
    touching.github.changed = ['holdout.npz', 'train.py'];
    const touched = await handOff(touching.request, touching.ports);
    expect(touched.policyChanges?.[0]).toMatch(/changes the file `holdout.npz`/);
    expect(touched.proposedGate).toBeUndefined();
    const other = bench(comment('/train'));
    const silent = { ...other.github, readFile: () => Promise.reject(new Error('no contents')) };
    const untold = await handOff(other.request, { ...other.ports, github: silent });
    expect(untold).toMatchObject({ operation: 'train', policyChanges: [] });
  });

  test('hands on how far the ledger goes with what it has written itself, also where that is the first', async () => {
    const { world, request, ports } = bench(comment('/train'));
    const handed = await handOff(request, { ...ports, ledger: onBranch(world.ledger) });
    const { events } = world.ledger;
    expect(handed.ledger).toEqual({ commit: 'c1', events: events.length, last: events.at(-1)?.id });
    expect(events.at(-1)?.kind).toBe('training.requested');
    const fresh = {
      ledger: onBranch(createMemoryLedger()),
      remembered: async () => ({ heads: [], silent: [] }),
    };
    expect((await handOff(request, { ...ports, ...fresh })).ledger?.events).toBe(1);
  });

  test.each(['/train', '/freeze', '/status', '/deploy v2', '/rollback'])(
    'takes no empty ledger for the first one where a host remembers another: %s',
    async (command) => {
      const { request, ports, github } = bench(comment(command));
      const ledger = createMemoryLedger();
      await expect(plan(request, { ...ports, ledger })).rejects.toMatchObject({
        problems: [{ code: 'ledger-lost' }],
      });
      expect(ledger.events).toEqual([]);
      expect(github.comments.size).toBe(0);
    },
  );

  test('takes no absent branch for the first ledger while a host that may remember one is silent', async () => {
    const { request, ports } = bench(comment('/train'));
    const silent = { heads: [], silent: ['http://serve-1:9443'] };
    const ledger = createMemoryLedger();
    const asked = { ...ports, ledger, remembered: async () => silent };
    await expect(plan(request, asked)).rejects.toMatchObject({
      problems: [{ code: 'ledger-absent', message: expect.stringContaining('http://serve-1:9443') }],
    });
    expect(ledger.events).toEqual([]);
    const help = { ...request, ...bench(comment('/help')).request };
    expect((await plan(help, asked)).reasonCode).toBe('answered');
    // Hosts that all answer, a branch that a person has begun, and no host at all say that it is the first.
    for (const first of [
      { ledger: onBranch(createMemoryLedger()) },
      { remembered: async () => ({ ...silent, silent: [] }) },
    ]) {
      const other = bench(comment('/train'));
      const begun = { ...other.ports, ledger: createMemoryLedger(), remembered: async () => silent };
      expect((await plan(other.request, { ...begun, ...first })).reasonCode).toBe('planned');
    }
  });

  test('lets the monitor look at hosts whose ledger is lost', async () => {
    const { request, ports } = bench({ schedule: '17 * * * *' }, 'schedule');
    const handed = await handOff(request, { ...ports, ledger: createMemoryLedger() });
    expect(handed.operation).toBe('monitor');
  });

  test('hands every attempt of a training the same nonce, and another training another', async () => {
    const { request, ports } = bench(comment('/train'));
    const first = await handOff(request, ports);
    const second = await handOff(secondAttempt(request), ports);
    expect(second.nonce).toBe(first.nonce);
    const other = bench(comment('/train'));
    expect((await handOff(other.request, other.ports)).nonce).not.toBe(first.nonce);
  });

  test('writes a request once, however often its job runs', async () => {
    const { world, request, ports } = bench(comment('/train'));
    await plan(request, ports);
    await plan(request, ports);
    expect(world.ledger.kinds().filter((kind) => kind === 'training.requested')).toHaveLength(1);
  });

  test('gives the last training of a budget once, also to two reports that are planned in the same moment', async () => {
    const ask = (id: string) => ({
      action: 'trainyard.retrain',
      client_payload: {
        ...{ v: 1, id, at: '2026-11-21T11:59:00.000Z', from: 'monitor-check', model: 'mnist' },
        ...{ environment: 'production', body: {}, signature: 'eA==' },
      },
    });
    const { world, request, ports } = bench(ask('retrain-one'), 'repository_dispatch');
    const late = await world.ledger.read('mnist');
    expect(await plan(request, ports)).toMatchObject({ decision: 'continue' });
    // It read the ledger before the first had written.
    const ledger: Ledger = { ...world.ledger, read: async () => late };
    const second = { ...request, payload: ask('retrain-two') };
    expect(await plan(second, { ...ports, ledger })).toMatchObject({ result: { code: 'retrain-open' } });
    expect(world.ledger.kinds().filter((kind) => kind === 'training.requested')).toHaveLength(1);
  });

  test('refuses someone without the permission, where they asked, and ends the chain', async () => {
    const { world, github, request, ports } = bench(comment('/train', 'eve'));
    const outcome = await plan(request, ports);
    expect(outcome).toMatchObject({
      decision: 'stop',
      reasonCode: 'refused',
      result: { code: 'not-allowed' },
    });
    expect(github.reactions).toEqual(['eyes', '-1']);
    expect([...github.comments.values()].join()).toMatch(/Refused/);
    expect(world.ledger.kinds()).not.toContain('training.requested');
  });

  test.each(['/status', '/help', '/plan deploy v2'])('answers %s and does nothing', async (command) => {
    const { world, github, request, ports } = bench(comment(command));
    const events = world.ledger.events.length;
    const outcome = await plan(request, ports);
    expect(outcome.decision).not.toBe('continue');
    expect(github.comments.size).toBe(1);
    expect(world.ledger.events).toHaveLength(events);
  });

  test('says with /plan deploy what the rollout would detect', async () => {
    const { github, request, ports } = bench(comment('/plan deploy v2'));
    await plan(request, ports);
    expect([...github.comments.values()].join()).toMatch(/Forecast of production/);
  });

  test('says in /status what serves and since when', async () => {
    const { github, request, ports } = bench(comment('/status'));
    await plan(request, ports);
    expect([...github.comments.values()].join()).toMatch(/production: version 1 since/);
  });

  test('records a freeze, which then stops a rollout', async () => {
    const { world, request, ports } = bench(comment('/freeze production release week'));
    expect(await plan(request, ports)).toMatchObject({ decision: 'complete', reasonCode: 'recorded' });
    expect(world.ledger.kinds().at(-1)).toBe('frozen');
    const train = bench(comment('/train'));
    await handOff(train.request, { ...train.ports, ledger: world.ledger });
    expect([...train.github.comments.values()].join()).toMatch(
      /which is not rolled out\.[\s\S]*production is frozen by ann [\s\S]*packed and not rolled out/,
    );
  });

  test('says of a freeze that a damaged ledger has no room for it', async () => {
    const { world, request, ports, github } = bench(comment('/freeze production release week'));
    const problem = { code: 'ledger-line', message: 'Line 3 is no event.', remedy: 'Restore it.' };
    const ledger: Ledger = {
      ...world.ledger,
      append: async (...asked) => {
        const appended = await world.ledger.append(...asked);
        if (!appended.ok) return appended;
        return ok({
          ...appended.value,
          state: { ...appended.value.state, doubt: { kind: 'earlier', problem } },
        });
      },
    };
    expect(await plan(request, { ...ports, ledger })).toMatchObject({ reasonCode: 'recorded' });
    expect([...github.comments.values()].join()).toMatch(/not on record.*Line 3 is no event/);
  });

  test('fails the job for whoever asks by hand for what is refused', async () => {
    const ref = 'refs/heads/main';
    const payload = { ref, inputs: { operation: 'deploy', version: 'v99' }, sender: { login: 'ann' } };
    const { request, ports } = bench(payload, 'workflow_dispatch');
    expect((await plan(request, ports)).decision).toBe('failure');
  });

  test('trains after no push that changed documents or rules only, and after every one that nobody can tell of', async () => {
    const payload = {
      ref: 'refs/heads/main',
      before: 'a'.repeat(40),
      after: SHA,
      repository: { default_branch: 'main' },
    };
    const documents = bench(payload, 'push');
    documents.github.changed = ['README.md', 'docs/index.html'];
    expect(await plan(documents.request, documents.ports)).toMatchObject({ result: { code: 'docs-only' } });
    const rules = bench(payload, 'push');
    rules.github.changed = ['trainyard.yml'];
    rules.github.files.set(`${payload.before}:trainyard.yml`, 'model: mnist\ngate: []\n');
    rules.github.files.set(`${SHA}:trainyard.yml`, 'model: mnist\nmonitor: { staleness: 30d }\n');
    expect(await plan(rules.request, rules.ports)).toMatchObject({ result: { code: 'rules-only' } });
    const unread = { ...rules.github, readFile: () => Promise.reject(new Error('502')) };
    expect((await handOff(rules.request, { ...rules.ports, github: unread })).operation).toBe('train');
    const silent = bench(payload, 'push');
    const github = { ...silent.github, changedFiles: () => Promise.reject(new Error('502')) };
    expect((await handOff(silent.request, { ...silent.ports, github })).operation).toBe('train');
  });

  test('refuses a head that came after the comment, and one of which nobody can tell', async () => {
    const { request, ports, github } = bench(comment('/train'));
    const pushed = { after: 'c'.repeat(40), at: '2026-11-21T11:59:30Z' };
    const later = { ...github, newestUpdate: async () => pushed };
    expect(await plan(request, { ...ports, github: later })).toMatchObject({
      result: { code: 'head-moved' },
    });
    const silent = { ...github, newestUpdate: () => Promise.reject(new Error('403')) };
    expect(await plan(request, { ...ports, github: silent })).toMatchObject({
      result: { code: 'head-unknown' },
    });
  });

  test('asks no fork when its head was pushed, and has the commit named', async () => {
    const { request, ports, github } = bench(comment('/train'));
    const asked: string[] = [];
    const theirs: GitHub = {
      ...github,
      getPullRequest: async (number) => ({
        ...(await github.getPullRequest(number)),
        headRepository: 'eve/digits',
      }),
      newestUpdate: async (name) => {
        asked.push(name);
        return undefined;
      },
    };
    const config = { ...request.config, commands: { ...request.config.commands, forks: true } };
    const outcome = await plan({ ...request, config }, { ...ports, github: theirs });
    expect(outcome).toMatchObject({ result: { code: 'head-unnamed' } });
    expect(asked).toEqual([]);
  });

  test('ignores what is no command', async () => {
    const { github, request, ports } = bench(comment('Looks good to me.'));
    expect(await plan(request, ports)).toMatchObject({ decision: 'stop', reasonCode: 'ignored' });
    expect(github.reactions).toEqual([]);
  });

  test('goes on when reacting and answering are not permitted', async () => {
    const { request, ports } = bench(comment('/help'));
    const refusing = (): Promise<never> => Promise.reject(new Error('403'));
    const github: GitHub = { ...createRecordingGitHub(), react: refusing, upsertComment: refusing };
    expect((await plan(request, { ...ports, github })).reasonCode).toBe('answered');
  });
});
