import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { describeState } from '../../agent/api/describe-state.ts';
import { createApp } from '../../agent/api/server.ts';
import { renderMetrics } from '../../agent/metrics/render-metrics.ts';
import { sendHeartbeat } from '../../agent/outbox/send-heartbeat.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const HOUR_MS = 3_600_000;

let host: FakeHost;
let app: ReturnType<typeof createApp>;
beforeEach(async () => {
  host = openFakeHost();
  const agent = createAgent(host.context);
  const manifest = await storePackage(host.context, '1');
  await agent.startInstance('mnist', '1', { manifest });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  await agent.setTraffic('mnist', { stable: '1', candidatePercent: 0, shadow: false }, undefined);
  app = createApp(agent);
});
afterEach(() => host.close());

async function warned(): Promise<readonly string[]> {
  const { warnings = [] } = await describeState(host.context);
  return warnings.filter(({ code }) => code === 'monitor-silent').map(({ message }) => message);
}

const lookedAt = async () =>
  Number(
    /^trainyard_monitored_timestamp_seconds\{model="mnist"\} (\d+)$/m.exec(
      await renderMetrics(host.context),
    )?.[1],
  );

async function look(): Promise<void> {
  const headers = { authorization: `Bearer ${TOKENS.reader}` };
  const answer = await askApp(app, 'http://host/v1/models/mnist/windows?after=0', { headers });
  expect(answer.status).toBe(200);
}

test('a host that serves waits for a monitor, and says after two days that none has come', async () => {
  sendHeartbeat(host.context);
  host.world.now += 48 * HOUR_MS;
  expect(await warned()).toEqual([]);
  host.world.now += HOUR_MS;
  sendHeartbeat(host.context);
  expect(await warned()).toEqual([
    'No monitor has ever looked at mnist here, in 2 d 1 h. See in the Actions tab whether its workflow is enabled: `gh workflow enable trainyard-monitor.yml`.',
  ]);
});

test('a monitor that looks is noted, in the metrics too, and missed when it no longer does', async () => {
  sendHeartbeat(host.context);
  const begin = await lookedAt();
  host.world.now += 49 * HOUR_MS;
  await look();
  expect(await warned()).toEqual([]);
  expect(await lookedAt()).toBe(begin + 49 * 3_600);
  host.world.now += 10_000;
  await look();
  expect(await lookedAt()).toBe(begin + 49 * 3_600);
  host.world.now += 60_000;
  await look();
  expect(await lookedAt()).toBe(begin + 49 * 3_600 + 70);
  host.world.now += 60 * 24 * HOUR_MS;
  expect((await warned())[0]).toMatch(/^No monitor has looked at mnist for 60 d\./);
});

test('a host that serves nothing waits for nobody', async () => {
  const idle = openFakeHost();
  sendHeartbeat(idle.context);
  idle.world.now += 60 * 24 * HOUR_MS;
  expect((await describeState(idle.context)).warnings).toBeUndefined();
  idle.close();
});

test('a host says that its secrets lie open, and the monitor notes it', async () => {
  const open = openFakeHost();
  try {
    const context = { ...open.context, options: { ...open.context.options, openSecrets: ['/etc/tokens'] } };
    const { warnings } = await describeState(context);
    expect(warnings).toEqual([
      {
        code: 'secrets-readable',
        message:
          'Every user of this host who gets there may read the file of secrets /etc/tokens: chmod o-r /etc/tokens.',
      },
    ]);
  } finally {
    open.close();
  }
});
