import { expect, test } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { monitorBench } from './support/monitor-bench.ts';

test('a service outside is told when a judgement changes and when it is over, and of nothing between or before', async () => {
  const { world, notices, monitoring } = monitorBench();
  await monitorCheck(monitoring);
  expect(notices).toEqual([]);
  world.agents[1].reachable = false;
  await monitorCheck(monitoring);
  await monitorCheck(monitoring);
  expect(notices).toMatchObject([
    {
      ...{ model: 'mnist', environment: 'production', action: 'investigate', isOver: false },
      ...{ title: 'mnist in production: Needs a look', codes: ['host-lost'], runUrl: 'http://run' },
      remedy: 'Look into the findings below.',
    },
  ]);
  world.agents[1].reachable = true;
  await monitorCheck(monitoring);
  await monitorCheck(monitoring);
  expect(notices.slice(1)).toMatchObject([{ isOver: true, title: 'mnist in production: All is well' }]);
});

test('that it can not be told is a warning, and the rest is done', async () => {
  const { world, github, monitoring } = monitorBench();
  world.agents[1].reachable = false;
  const sendNotice = async () => Promise.reject(new Error('it answered 404'));
  const outcome = await monitorCheck({ ...monitoring, ports: { ...monitoring.ports, sendNotice } });
  expect(outcome.outputs).toMatchObject({ action: 'investigate' });
  expect(github.issues.size).toBe(1);
  expect(world.lines.join('\n')).toContain('The webhook could not be told: it answered 404');
});

test('PagerDuty is told each time, which makes one incident of it: what was lost on the way does not stay lost', async () => {
  const { world, notices, monitoring } = monitorBench();
  const { request } = monitoring;
  const { monitor } = request.config;
  const config = { ...request.config, monitor: { ...monitor, notify: 'pagerduty' as const } };
  const check = () => monitorCheck({ ...monitoring, request: { ...request, config } });
  await check();
  world.agents[1].reachable = false;
  await check();
  await check();
  world.agents[1].reachable = true;
  await check();
  await check();
  expect(notices.map(({ isOver }) => isOver)).toEqual([true, false, false, true, true]);
});
