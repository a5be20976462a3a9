import { expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import type { Report } from '../../core/report/report.ts';
import { championEvents, createWorld, versionEvents } from './support/deployment.ts';
import { showReport } from './support/show-report.ts';

/** A rollout in which both versions together get so many requests a tick, and what was told of it, and when. */
async function follow(requests: number) {
  const world = createWorld([...versionEvents('1'), ...championEvents('1'), ...versionEvents('2')]);
  for (const agent of world.agents) {
    agent.traffic = { stable: '1', candidatePercent: 0, shadow: false, revision: 1 };
    agent.behaviour.requests = requests;
  }
  const told: { readonly at: number; readonly text: string }[] = [];
  const { request, ports } = world.job({ version: '2' });
  const progress = (report: Report) =>
    void told.push({ at: Date.parse(world.clock.now()), text: showReport(report) });
  await deploy({ request, ports: { ...ports, announcer: { ...ports.announcer, progress } } });
  return told;
}

test('while a stage waits for its evidence, the comment says where it is and what it still needs, now and then', async () => {
  const told = await follow(20);
  const waiting = told.filter(({ text }) => /The stage needs .* more candidate requests/.test(text));
  expect(waiting.length).toBeGreaterThan(2);
  expect(waiting[0]?.text).toMatch(/### 🐤 Under way: version 2 at 10 % in production/);
  const gaps = waiting.slice(1).map(({ at }, index) => (at - (waiting[index]?.at ?? 0)) / 1_000);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(120);
});

test('a rollout that is over soon is told by its stages alone', async () => {
  const told = await follow(400_000);
  expect(told.map(({ text }) => /version 2 at (\d+) %/.exec(text)?.[1])).toEqual(['10', '50', '100']);
});
