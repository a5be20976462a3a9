import { expect, test } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { formatCount } from '../../core/report/format-number.ts';
import { highestOfEach } from '../../core/report/highest-of-each.ts';
import type { Report } from '../../core/report/report.ts';
import { traceRollout } from '../../core/rollout/record/trace.ts';
import type { World } from './support/deployment.ts';
import { brakeAlone, createServing } from './support/histories.ts';
import { showReport } from './support/show-report.ts';

/** Hosts on which version 1 serves; both versions together get so many requests a tick, and fail on such shares of them. */
function worldOf(requests: number, failing = { candidateErrors: 0, stableErrors: 0 }): World {
  const world = createServing();
  for (const agent of world.agents) Object.assign(agent.behaviour, { requests, ...failing });
  return world;
}

/** A rollout among so many requests, what was told of it, and when, and what was kept. */
async function follow(...situation: Parameters<typeof worldOf>) {
  const world = worldOf(...situation);
  const told: { readonly at: number; readonly text: string }[] = [];
  const { request, ports } = world.job({ version: '2' });
  const progress = (report: Report) =>
    void told.push({ at: Date.parse(world.clock.now()), text: showReport(report) });
  const outcome = await deploy({ request, ports: { ...ports, announcer: { ...ports.announcer, progress } } });
  const [record] = world.kept.values();
  if (record === undefined) throw new Error('nothing was kept of the rollout');
  return { told, record, summary: showReport(outcome.report) };
}

/** The points of the chart in a comment or summary: powers of ten of the evidence. */
function curveIn(text: string): readonly number[] {
  return (/^ {2}line \[(?<line>.*)\]$/m.exec(text)?.groups?.['line'] ?? '').split(', ').map(Number);
}

test('while a stage waits for its evidence, the comment says where it is and what it still needs, now and then', async () => {
  const { told } = await follow(20);
  const waiting = told.filter(({ text }) => /The stage needs .* more candidate requests/.test(text));
  expect(waiting.length).toBeGreaterThan(2);
  expect(waiting[0]?.text).toMatch(/### 🐤 Under way: version 2 at 10 % in production/);
  const gaps = waiting.slice(1).map(({ at }, index) => (at - (waiting[index]?.at ?? 0)) / 1_000);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(120);
});

test('a rollout that is over soon is told by its stages alone', async () => {
  const { told } = await follow(400_000);
  expect(told.map(({ text }) => /version 2 at (\d+) %/.exec(text)?.[1])).toEqual(['10', '50', '100']);
});

test('comment and summary draw the evidence after each poll, as the record of the rollout gives it', async () => {
  const { told, record, summary } = await follow(200, { candidateErrors: 0.05, stableErrors: 0.04 });
  const { points } = traceRollout(record.plan, record.observations, record.baseline);
  const powersUpTo = (polls: number) =>
    highestOfEach(
      points.slice(0, polls).map(({ levels }) => levels.total / Math.LN10),
      40,
    ).map((power) => Number(power.toFixed(2)) + 0);
  expect(new Set(curveIn(summary)).size).toBeGreaterThan(5);
  expect(curveIn(summary)).toEqual(powersUpTo(points.length));
  const drawn = told.filter(({ text }) => text.includes('```mermaid'));
  expect(drawn.length).toBeGreaterThan(1);
  for (const { text } of drawn) {
    const polls = Number(/x-axis "Polls" 1 --> (?<polls>\d+)/.exec(text)?.groups?.['polls']);
    expect(text).toContain(`Evidence of harm over ${formatCount(polls)} polls`);
    expect(curveIn(text)).toEqual(powersUpTo(polls));
    expect(curveIn(text).length).toBeLessThanOrEqual(40);
  }
});

test('where a host brakes, the summary says what it says, and draws what this job has seen until then', async () => {
  const world = worldOf(200);
  const [braking] = world.agents;
  let ticks = 0;
  world.clock.onTick(() => {
    const { traffic } = braking;
    if (traffic?.lease === undefined || traffic.brake !== undefined || traffic.candidatePercent === 0) return;
    ticks += 1;
    if (ticks < 30) return;
    brakeAlone(braking, { code: 'candidate-failed', explanation: 'It crashed.', at: world.clock.now() });
  });
  const outcome = await deploy(world.job({ version: '2' }));
  expect(outcome.result).toMatchObject({ outcome: 'rolled-back', code: 'candidate-failed' });
  const summary = showReport(outcome.report);
  const [record] = world.kept.values();
  expect(record?.observations.length).toBeGreaterThan(10);
  expect(summary).toContain(`Evidence of harm over ${record?.observations.length} polls`);
  expect(summary.indexOf('An agent braked: It crashed.')).toBeLessThan(summary.indexOf('```mermaid'));
});
