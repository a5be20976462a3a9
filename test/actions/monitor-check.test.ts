import { describe, expect, test, vi } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { verifyDispatch } from '../../adapters/dispatch-signature.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import { addSeconds } from '../../core/instant.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import { championEvents, contextOf, packageOf, versionEvents } from './support/deployment.ts';
import { monitorBench, SECRET } from './support/monitor-bench.ts';
import { showReport } from './support/show-report.ts';

const PROFILE: ReferenceProfile = {
  schema: 'trainyard.profile/1',
  model: 'mnist',
  version: '1',
  created: '2026-10-01T00:00:00Z',
  rows: 10_000,
  features: [],
  prediction: {
    kind: 'classes',
    classes: ['a', 'b'],
    counts: [5_000, 5_000],
    confidence: { edges: [0.5], total: [5_000, 5_000], correct: [4_500, 4_900] },
  },
};

describe('late labels', () => {
  const labelled = async (day: string, correct: number) => {
    const { world, monitoring } = monitorBench();
    for (const agent of world.agents) agent.labelled = [{ day, bin: 1, labelled: 20, correct }];
    const packages = { ...monitoring.ports.packages, fetchProfile: async () => PROFILE };
    return monitorCheck({ ...monitoring, ports: { ...monitoring.ports, packages } });
  };

  test('of all hosts together ask for a training when they break the promise of the confidence', async () => {
    const { outputs, result, report } = await labelled('2026-11-01', 0);
    expect(outputs).toMatchObject({ action: 'retrain' });
    expect(result['codes']).toEqual(['labels-worse-than-promised']);
    expect(showReport(report)).toMatch(/Accuracy by label is 0% .* over 40 labels/);
  });

  test('that keep it ask for nothing, nor do those of predictions too young to judge', async () => {
    expect((await labelled('2026-11-01', 20)).outputs).toMatchObject({ action: 'none' });
    const young = await labelled('2026-11-20', 0);
    expect(young.outputs).toMatchObject({ action: 'none' });
    expect(showReport(young.report)).toContain('too-few-labels');
  });
});

describe('monitor-check', () => {
  test('asks for nothing while the hosts serve the champion, and says so', async () => {
    const { github, monitoring } = monitorBench();
    const outcome = await monitorCheck(monitoring);
    expect(outcome.outputs).toMatchObject({ action: 'none' });
    expect(github.issues.size).toBe(0);
  });

  test('opens one issue for a host that can not be asked, and closes it when it is back', async () => {
    const { world, github, monitoring } = monitorBench();
    world.agents[1].reachable = false;
    expect((await monitorCheck(monitoring)).outputs).toMatchObject({ action: 'investigate' });
    await monitorCheck(monitoring);
    expect(github.issues.size).toBe(1);
    world.agents[1].reachable = true;
    expect((await monitorCheck(monitoring)).outputs).toMatchObject({ action: 'none' });
    expect(github.issues.size).toBe(0);
  });

  test('records changes only', async () => {
    const { world, monitoring } = monitorBench();
    world.agents[1].reachable = false;
    await monitorCheck(monitoring);
    await monitorCheck(monitoring);
    expect(world.ledger.kinds().filter((kind) => kind === 'monitor.judged')).toHaveLength(1);
  });

  test('records in a quiet month that it looked, so that the schedule stays alive, and once', async () => {
    const { world, github, monitoring } = monitorBench();
    vi.spyOn(github, 'lastScheduledRun').mockImplementation(async () => world.clock.now());
    const days = async (count: number) => {
      await world.clock.wait(count * 86_400_000);
      const cause = { kind: 'schedule', id: `tick-${world.clock.now()}` } as const;
      const author = { ...monitoring.request.author, cause };
      await monitorCheck({ ...monitoring, request: { ...monitoring.request, author } });
      return world.ledger.kinds().filter((kind) => kind === 'monitor.judged').length;
    };
    expect([await days(29), await days(2), await days(1), await days(30)]).toEqual([0, 1, 1, 2]);
    expect(world.ledger.events.at(-1)).toMatchObject({ data: { action: 'none', codes: [] } });
  });

  test('asks for a training of a stale champion by a signed dispatch, with the same id until it is on record', async () => {
    const { github, monitoring } = monitorBench(60);
    expect((await monitorCheck(monitoring)).outputs).toMatchObject({ action: 'retrain' });
    await monitorCheck(monitoring);
    const ids = github.dispatches.map(({ payload }) => payload.id);
    expect(ids).toEqual(['retrain-1-v1-production-mnist', 'retrain-1-v1-production-mnist']);
    const [sent] = github.dispatches;
    expect(sent && verifyDispatch(SECRET, sent.type, sent.payload)).toBe(true);
    expect(sent && verifyDispatch('another', sent.type, sent.payload)).toBe(false);
  });

  test('keeps its issue, and says what it waits for, while a training that it asked for is open', async () => {
    const { world, github, monitoring } = monitorBench(60);
    await monitorCheck(monitoring);
    const cause = { kind: 'dispatch', id: github.dispatches[0]?.payload.id ?? '' } as const;
    const context = { ...monitoring.request.author, cause, at: world.clock.now() };
    const data = { operation: 'train' as const, sha: 'a'.repeat(40), parameters: {} };
    world.ledger.events.push(createEvent(context, 'training.requested', data));
    expect((await monitorCheck(monitoring)).outputs['action']).toBe('none');
    const [issue] = github.issues.values();
    expect(issue).toMatch(/^mnist in production needs attention: retrain\n/);
    expect(issue).toMatch(/Nothing is to be done but to wait.*A training is open since/s);
    expect(issue).not.toContain('Nothing is wrong any more');
  });

  test('asks for a training where no issue can be written', async () => {
    const { world, github, monitoring } = monitorBench(60);
    const refused = new Error('Issues are disabled for this repo (410).');
    vi.spyOn(github, 'upsertIssue').mockRejectedValue(refused);
    expect((await monitorCheck(monitoring)).outputs).toMatchObject({ action: 'retrain' });
    expect(github.dispatches).toHaveLength(1);
    expect(world.lines.join('\n')).toContain('The issue could not be written: Issues are disabled');
  });

  test('names the command that brings a host to the right package of the champion', async () => {
    const { world, github, monitoring } = monitorBench();
    const since = world.clock.now();
    const other = {
      model: 'mnist',
      version: '1',
      package: packageOf('other'),
      state: 'ready' as const,
      since,
    };
    world.agents[1].instances.set('1', other);
    expect((await monitorCheck(monitoring)).outputs).toMatchObject({ action: 'rebuild' });
    expect([...github.issues.values()].join()).toContain('`/deploy mnist v1 production`');
  });

  test('finds hosts that serve while the ledger is gone, and writes nothing to it', async () => {
    const { world, github, monitoring } = monitorBench();
    world.ledger.events.length = 0;
    const outcome = await monitorCheck(monitoring);
    expect(outcome.outputs).toMatchObject({ action: 'investigate' });
    expect(outcome.result['codes']).toEqual(['served-unknown']);
    expect([...github.issues.values()].join()).toMatch(/serve-1:9443 serves version 1 .* deleted/);
    expect(world.ledger.events).toEqual([]);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test('leaves a host alone that serves what the ledger does not know', async () => {
    const { world, monitoring } = monitorBench();
    world.agents[1].traffic = { stable: '7', candidatePercent: 0, shadow: false, revision: 4 };
    const outcome = await monitorCheck(monitoring);
    expect(outcome.result['codes']).toEqual(['served-unknown']);
    expect(world.agents[1].traffic.stable).toBe('7');
  });

  test('tells of a schedule that has stopped, though the ledger is quiet', async () => {
    const { github, monitoring } = monitorBench();
    github.lastRunAt = '2026-09-20T00:00:00.000Z';
    const { result, report } = await monitorCheck(monitoring);
    expect(result['codes']).toEqual(['missed-runs']);
    expect(showReport(report)).toContain('last ran by its schedule 62 d');
    vi.spyOn(github, 'lastScheduledRun').mockRejectedValue(
      new Error('Resource not accessible by integration'),
    );
    expect(showReport((await monitorCheck(monitoring)).report)).toContain(
      "can't be told: Resource not accessible",
    );
  });

  test('says that it could not judge where MLflow does not answer, and repairs hosts all the same', async () => {
    const { world, monitoring } = monitorBench();
    const [host, stray] = world.agents;
    world.ledger.events.push(...versionEvents('9'));
    stray.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 4 };
    const down = async () => {
      throw new Error('MLflow is down');
    };
    vi.spyOn(world.tracking, 'getAlias').mockImplementation(down);
    vi.spyOn(world.tracking, 'findRuns').mockImplementation(down);
    const cause = { kind: 'push', id: 'push-1' } as const;
    const context = { ...monitoring.request.author, cause, at: world.clock.now() };
    const data = { operation: 'train' as const, sha: 'a'.repeat(40), parameters: {} };
    world.ledger.events.push(createEvent(context, 'training.requested', data));
    const packages = { ...monitoring.ports.packages, fetchProfile: down };
    const outcome = await monitorCheck({ ...monitoring, ports: { ...monitoring.ports, packages } });
    expect(outcome.result['codes']).toEqual(['profile-unreadable']);
    expect([host, stray].map(({ traffic }) => traffic?.stable)).toEqual(['1', '1']);
  });

  test('repairs the others where one host refuses', async () => {
    const { world, monitoring } = monitorBench();
    world.ledger.events.push(...versionEvents('9'));
    for (const agent of world.agents)
      agent.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 4 };
    vi.spyOn(world.agents[0], 'setTraffic').mockRejectedValue(new Error('500 internal'));
    await monitorCheck(monitoring);
    expect(world.agents.map(({ traffic }) => traffic?.stable)).toEqual(['9', '1']);
    expect(world.lines.join('\n')).toContain('500 internal');
  });

  test('points the aliases of MLflow where the ledger says', async () => {
    const { world, monitoring } = monitorBench();
    world.tracking.aliases.set('champion', '7');
    const outcome = await monitorCheck(monitoring);
    expect(world.tracking.aliases.get('champion')).toBe('1');
    expect(showReport(outcome.report)).toMatch(/champion pointed at 7/);
  });

  test('brings a host that was away while a rollout ended to what the ledger says', async () => {
    const { world, monitoring } = monitorBench();
    world.ledger.events.push(...versionEvents('9'));
    const [, stray] = world.agents;
    const since = world.clock.now();
    stray.instances.set('9', { model: 'mnist', version: '9', package: 'p', state: 'ready', since });
    stray.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 4 };
    const outcome = await monitorCheck(monitoring);
    expect(outcome.outputs).toMatchObject({ action: 'none' });
    expect(stray.traffic).toMatchObject({ stable: '1', candidatePercent: 0, revision: 5 });
    expect(stray.instances.get('1')?.package).toBe(packageOf('1'));
    expect(stray.instances.has('9')).toBe(false);
    expect(showReport(outcome.report)).toContain('serve-2:9443 had version 9; it serves version 1');
  });

  test('signs anew what it gives to a host that was away: the statement on record may be older than what that obeyed', async () => {
    const { world, monitoring } = monitorBench();
    world.ledger.events.push(...versionEvents('9'));
    const [, stray] = world.agents;
    stray.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 4 };
    const start = vi.spyOn(stray, 'startInstance');
    const signatures = [{ keyid: 'k', sig: 'AAAA' }];
    const envelope: Envelope = { payloadType: 'application/vnd.in-toto+json', payload: 'AAAA', signatures };
    await monitorCheck({ ...monitoring, ports: { ...monitoring.ports, attest: () => envelope } });
    expect(start.mock.calls.map(([, version, given]) => [version, given.envelope])).toEqual([
      ['1', envelope],
    ]);
  });

  test('takes the candidate of a rollout that is over off a host that was away', async () => {
    const { world, monitoring } = monitorBench();
    const [, stray] = world.agents;
    for (const candidatePercent of [50, 0]) {
      stray.traffic = { stable: '1', candidate: '9', candidatePercent, shadow: false, revision: 4 };
      stray.instances.set('9', { model: 'mnist', version: '9', package: 'p', state: 'ready', since: '' });
      const { report } = await monitorCheck(monitoring);
      expect(showReport(report)).toContain(`version 1 beside version 9 at ${candidatePercent} %`);
      expect(stray.traffic).not.toHaveProperty('candidate');
      expect(stray.instances.has('9')).toBe(false);
    }
  });

  test('gives a host that comes back empty the champion', async () => {
    const { world, monitoring } = monitorBench();
    world.agents[1].traffic = undefined;
    await monitorCheck(monitoring);
    expect(world.agents[1].traffic).toMatchObject({ stable: '1', revision: 1 });
  });

  test('gives the champion to no host that braked the rollout which made it that, and asks for its return', async () => {
    const { world, github, monitoring } = monitorBench();
    world.ledger.events.push(...versionEvents('2'), ...championEvents('2', '1'));
    const [host, braked] = world.agents;
    host.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 7 };
    const brake = { rollout: 'rollout-2', version: '2', code: 'errors-worse', explanation: 'It fails half.' };
    const present = { stable: '1', candidatePercent: 0, shadow: false, revision: 7 };
    braked.traffic = { ...present, brake: { ...brake, at: world.clock.now() } };
    const outcome = await monitorCheck(monitoring);
    expect(braked.traffic).toEqual({ ...present, brake: { ...brake, at: world.clock.now() } });
    expect(outcome.outputs).toMatchObject({ action: 'rollback' });
    expect(outcome.result['codes']).toEqual(['champion-braked']);
    expect(showReport(outcome.report)).toMatch(/serve-2:9443 braked version 2 .* It fails half\./);
    expect([...github.issues.values()].join()).toContain('`/rollback mnist production`');
  });

  test('gives the champion to a host that braked it in another rollout only when a person has named it since', async () => {
    const { world, monitoring } = monitorBench();
    const named = (at: string) =>
      championEvents('2', '1').map((event) =>
        event.kind === 'rollout.started' ? { ...event, data: { ...event.data, namedAt: at } } : event,
      );
    const [host, braked] = world.agents;
    host.traffic = { stable: '2', candidatePercent: 0, shadow: false, revision: 7 };
    const at = world.clock.now();
    const brake = { rollout: 'an-older-one', version: '2', code: 'errors-worse', explanation: 'Half.', at };
    const present = { stable: '1', candidatePercent: 0, shadow: false, revision: 7, braked: [brake] };
    braked.traffic = present;
    const before = [...world.ledger.events];
    world.ledger.events.push(...versionEvents('2'), ...named(addSeconds(at, -1)));
    await monitorCheck(monitoring);
    expect(braked.traffic).toEqual(present);
    world.ledger.events.splice(0, Number.POSITIVE_INFINITY, ...before, ...versionEvents('2'));
    world.ledger.events.push(...named(at));
    await monitorCheck(monitoring);
    expect(braked.traffic).toMatchObject({
      stable: '2',
      words: [{ version: '2', rollout: 'rollout-2', actor: 'ann', at }],
    });
    expect(braked.traffic).not.toHaveProperty('braked');
  });

  test('leaves hosts alone while a rollout is open, and whose traffic has changed since it looked', async () => {
    const { world, monitoring } = monitorBench();
    const [, host] = world.agents;
    world.ledger.events.push(...versionEvents('9'));
    const promoted = { stable: '2', candidatePercent: 0, shadow: false, revision: 7 };
    host.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 6 };
    const { state } = host;
    vi.spyOn(host, 'state').mockImplementation(async () => {
      const seen = await state();
      host.traffic = promoted;
      return seen;
    });
    await monitorCheck(monitoring);
    expect(host.traffic).toBe(promoted);
    const started = { rollout: 'r', environment: 'production', version: '2', package: packageOf('2') };
    world.ledger.events.push(
      createEvent(contextOf('deploy-2'), 'rollout.started', {
        ...{ ...started, hosts: ['a'], stages: [100], alpha: 0.01, stable: '1' },
      }),
    );
    await monitorCheck(monitoring);
    expect(host.traffic).toBe(promoted);
  });

  test('says so when a host refuses what the ledger says, and asks for a look', async () => {
    const { world, monitoring } = monitorBench();
    const [, stray] = world.agents;
    world.ledger.events.push(...versionEvents('9'));
    stray.traffic = { stable: '9', candidatePercent: 0, shadow: false, revision: 4 };
    stray.failsWith = 'load-failed';
    expect((await monitorCheck(monitoring)).outputs).toMatchObject({ action: 'investigate' });
    expect(stray.traffic.stable).toBe('9');
    expect(world.lines.join('\n')).toContain('it does not load');
  });

  test('closes a training whose run failed without a word, so that the next may be asked for', async () => {
    const { world, monitoring } = monitorBench();
    const cause = { kind: 'push', id: 'push-1' } as const;
    const context = { ...monitoring.request.author, cause, at: world.clock.now() };
    const data = { operation: 'train' as const, sha: 'a'.repeat(40), parameters: {} };
    world.ledger.events.push(createEvent(context, 'training.requested', data));
    const tags = { 'trainyard.correlation-id': 'push-1', 'trainyard.step': 'train' };
    const run = await world.tracking.createRun({ experiment: 'mnist', name: 'x', tags });
    await monitorCheck(monitoring);
    expect(world.ledger.kinds()).not.toContain('training.finished');
    await world.tracking.endRun(run.runId, 'FAILED');
    await monitorCheck(monitoring);
    expect(world.ledger.kinds()).toContain('training.finished');
  });
});
