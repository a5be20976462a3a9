import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listOwned } from '../../agent/runtimes/process/handle.ts';
import { PIN_HEADER, REQUEST_ID_HEADER, VERSION_HEADER } from '../../core/names.ts';
import { sumComparisons } from '../../core/rollout/judge-shadow.ts';
import { signingText } from '../../core/serving/dispatch-payload.ts';
import { type RunningAgent, startAgent, TOKENS } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { type DispatchReceiver, startDispatchReceiver } from '../../sandbox/github/dispatch-receiver.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type SteadyClient, startSteadyClient } from '../../sandbox/traffic/steady-client.ts';
import { deployVersion, leaseOf, MODEL, shift } from './support/deploy.ts';

/** One host's life with real TorchServe and Envoy, in the order things happen to it. */
describe.skipIf(!HAS_TOOLCHAIN)(
  'a host that serves, canaries, brakes and is killed',
  { timeout: 180_000 },
  () => {
    let github: DispatchReceiver;
    let agent: RunningAgent;

    beforeAll(async () => {
      github = await startDispatchReceiver();
      agent = await startAgent({
        'github-api-url': github.url,
        repository: 'acme/models',
        'window-seconds': '2',
      });
    }, 120_000);
    afterAll(async () => {
      await agent?.down();
      await github?.close();
    }, 60_000);

    const predict = (headers: Record<string, string> = {}, x = 2) =>
      fetch(agent.predictions, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ inputs: [x] }),
      });

    test('starts a version dark: ready after its golden examples agree, and without traffic', async () => {
      expect(await deployVersion(agent, { version: '1' })).toMatchObject({ state: 'ready' });
      expect((await predict()).status).toBe(503);
      const pinned = await predict({ [PIN_HEADER]: '1' });
      expect(await pinned.json()).toEqual({ predictions: [5] });
    });

    test('gives a version all traffic, names it in the answer and keeps the request id', async () => {
      await shift(agent, { stable: '1', candidatePercent: 0, shadow: false });
      const answer = await predict({ [REQUEST_ID_HEADER]: 'mine-1' });
      expect(answer.headers.get(VERSION_HEADER)).toBe('1');
      expect(answer.headers.get(REQUEST_ID_HEADER)).toBe('mine-1');
      expect(await answer.json()).toEqual({ predictions: [5] });
    });

    test('refuses a version whose answers are not the stored ones', async () => {
      const failed = await deployVersion(agent, { version: '2', goldenOffset: 9 });
      expect(failed).toMatchObject({ state: 'failed', code: 'golden-mismatch' });
      await expect(
        shift(agent, { stable: '1', candidate: '2', candidatePercent: 10, shadow: false }),
      ).rejects.toThrow('is failed on this host');
    });

    test('refuses a model that cannot be loaded, and says why', async () => {
      const failed = await deployVersion(agent, { version: '3', behaviour: { crash: true } });
      expect(failed).toMatchObject({ state: 'failed', code: 'load-failed' });
      expect(failed.message).toContain('this model cannot be loaded');
      expect((await predict()).status).toBe(200);
    });

    test('shares requests out by weight, and outlives a kill of the agent without a failed request', async () => {
      await deployVersion(agent, { version: '4', behaviour: { offset: 2 } });
      const client = startSteadyClient(agent.predictions, 5);
      await shift(agent, {
        stable: '1',
        candidate: '4',
        candidatePercent: 50,
        shadow: false,
        lease: leaseOf('good'),
      });
      await waitFor(() => (client.answered()['4'] ?? 0) > 50, 'the candidate to answer');
      const before = listOwned(`trainyard-agent:${agent.folder}`).map(({ handle }) => handle.pid);
      await agent.kill('SIGKILL');
      const atKill = client.answered()['4'] ?? 0;
      await waitFor(() => (client.answered()['4'] ?? 0) > atKill + 20, 'answers while the agent is down');
      await agent.start();
      await waitFor(async () => {
        const rows = await agent.client.observations(MODEL, 'good', 0);
        return (
          rows.at(-1)?.seconds &&
          rows.reduce((sum, { candidate }) => sum + candidate.requests, 0) > atKill + 20
        );
      }, 'the requests of the time without agent to be counted');
      const after = listOwned(`trainyard-agent:${agent.folder}`).map(({ handle }) => handle.pid);
      expect(after.toSorted()).toEqual(before.toSorted());
      await client.stop();
      expect(client.failures()).toEqual([]);
      const { 1: stable = 0, 4: candidate = 0 } = client.answered();
      expect(candidate / (stable + candidate)).toBeGreaterThan(0.3);
      expect(await agent.client.getTraffic(MODEL)).toMatchObject({ candidatePercent: 50, candidate: '4' });
    });

    test('counts each request of a rollout once, with its latency', async () => {
      const rows = await agent.client.observations(MODEL, 'good', 0);
      for (const { stable } of rows) {
        const timed = stable.latency.counts.reduce((sum, count) => sum + count, 0);
        expect(Math.abs(timed - stable.requests)).toBeLessThanOrEqual(5);
        expect(stable.errors).toBe(0);
      }
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map(({ seq }) => seq).toSorted((a, b) => a - b));
    });

    test('closes windows of what the handlers counted', async () => {
      await waitFor(async () => (await agent.client.windows(MODEL, 0)).length > 0, 'a window');
      const windows = await agent.client.windows(MODEL, 0);
      expect(windows[0]).toMatchObject({ model: MODEL, host: 'host-1' });
      expect(windows.every(({ features }) => features['x'] !== undefined)).toBe(true);
    });

    test('brakes a candidate that fails, reports it signed, and lets nobody raise it again', async () => {
      await deployVersion(agent, { version: '5', behaviour: { failShare: 0.6 }, withGolden: false });
      await shift(agent, {
        stable: '1',
        candidate: '5',
        candidatePercent: 50,
        shadow: false,
        lease: leaseOf('bad'),
      });
      const client = startSteadyClient(agent.predictions, 5);
      const braked = await waitFor(async () => {
        const traffic = await agent.client.getTraffic(MODEL);
        return traffic?.brake === undefined ? undefined : traffic;
      }, 'the brake');
      expect(braked).toMatchObject({ candidatePercent: 0, brake: { code: 'errors-worse', version: '5' } });
      // The brake stands before the proxy has taken it up: till then the candidate answers half of them.
      await waitFor(answersWithout(client, '5', 60), 'the stable version to answer sixty in a row');
      await client.stop();
      expect(client.failures().every((failure) => failure.startsWith('5: '))).toBe(true);
      await expect(
        shift(agent, {
          stable: '1',
          candidate: '5',
          candidatePercent: 10,
          shadow: false,
          lease: leaseOf('bad'),
        }),
      ).rejects.toThrow('braked rollout bad');

      const report = await waitFor(
        () => github.received().find(({ type }) => type === 'trainyard.brake'),
        'the report',
      );
      const { signature, ...unsigned } = report.payload;
      const expected = createHmac('sha256', 'dispatch-secret')
        .update(signingText('trainyard.brake', unsigned))
        .digest('base64');
      expect(signature).toBe(expected);
      expect(report).toMatchObject({
        path: '/repos/acme/models/dispatches',
        authorization: 'Bearer github-token',
        payload: { from: 'host-1', model: MODEL, body: { rollout: 'bad', code: 'errors-worse' } },
      });
    });

    test('returns to the stable version when deploy falls silent', async () => {
      await shift(agent, {
        stable: '1',
        candidate: '4',
        candidatePercent: 50,
        shadow: false,
        lease: leaseOf('silent', 1),
      });
      const braked = await waitFor(async () => {
        const traffic = await agent.client.getTraffic(MODEL);
        return traffic?.brake === undefined ? undefined : traffic;
      }, 'the lease to expire');
      expect(braked).toMatchObject({ candidatePercent: 0, brake: { code: 'lease-expired' } });
    });

    test('copies requests to a shadow and drops its answers', async () => {
      await shift(agent, {
        stable: '1',
        candidate: '4',
        candidatePercent: 0,
        shadow: true,
        lease: leaseOf('shadow'),
      });
      const client = startSteadyClient(agent.predictions, 10);
      await waitFor(async () => {
        const rows = await agent.client.observations(MODEL, 'shadow', 0);
        return rows.some(({ copies, stable }) => (copies?.ended.requests ?? 0) > 0 && stable.requests > 0);
      }, 'the shadow to be counted');
      const compared = await waitFor(async () => {
        const found = sumComparisons(await agent.client.observations(MODEL, 'shadow', 0));
        return found !== undefined && found.pairs >= 20 ? found : undefined;
      }, 'answers to be compared');
      // Version 1 adds 1, version 4 adds 2.
      expect(compared.different).toBe(compared.pairs);
      expect(compared.meanDifference).toBeCloseTo(1, 9);
      await client.stop();
      expect(client.failures()).toEqual([]);
      expect(client.answered()['4']).toBeUndefined();
    });

    test('starts the proxy again when it is killed', async () => {
      const proxy = listOwned(`trainyard-agent:${agent.folder}`).find(({ owner }) =>
        owner.endsWith('/envoy'),
      );
      if (proxy === undefined) throw new Error('no proxy runs');
      process.kill(proxy.handle.pid, 'SIGKILL');
      await waitFor(async () => (await predict().catch(() => undefined))?.status === 200, 'answers again');
    });

    test('starts a model server again when it is killed, and drains one before it ends', async () => {
      const server = listOwned(`trainyard-agent:${agent.folder}`).find(({ owner }) =>
        owner.includes(`/${MODEL}/4/`),
      );
      if (server === undefined) throw new Error('version 4 does not run');
      process.kill(server.handle.pid, 'SIGKILL');
      await waitFor(async () => {
        const traffic = await agent.client.getTraffic(MODEL);
        return traffic?.brake?.code === 'candidate-failed';
      }, 'the brake on the dead candidate');
      await waitFor(
        async () => (await agent.client.getInstance(MODEL, '4'))?.state === 'ready',
        'it to be back',
      );
      await agent.client.stopInstance(MODEL, '4');
      await waitFor(async () => (await agent.client.getInstance(MODEL, '4'))?.state === 'stopped', 'its end');
      expect(
        listOwned(`trainyard-agent:${agent.folder}`).some(({ owner }) => owner.includes(`/${MODEL}/4/`)),
      ).toBe(false);
      expect((await predict()).status).toBe(200);
    });

    test('shows its counters to a scraper', async () => {
      const answer = await fetch(`${agent.url}/metrics`, {
        headers: { authorization: `Bearer ${TOKENS.reader}` },
      });
      const text = await answer.text();
      expect(text).toMatch(/trainyard_requests_total\{model="doubler",version="1"\} \d+/);
      expect(text).toMatch(
        /trainyard_request_duration_seconds_bucket\{model="doubler",version="1",le="\+Inf"\} \d+/,
      );
    });
  },
);

/** Whether the stable version has answered so many in a row, by the time of the look without one answer of the version named. */
function answersWithout(client: SteadyClient, version: string, many: number): () => boolean {
  let streak = { last: -1, stable: 0 };
  return () => {
    const last = client.lastAnswers()[version] ?? 0;
    const stable = client.answered()['1'] ?? 0;
    if (last !== streak.last) streak = { last, stable };
    return stable - streak.stable >= many;
  };
}
