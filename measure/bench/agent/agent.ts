import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningAgent } from '../../../sandbox/agent/start-agent.ts';
import { findChromium } from '../../../sandbox/pages/chromium.ts';
import { startPacedClient } from '../../../sandbox/traffic/steady-client.ts';
import { printGoal, printLine } from '../figures.ts';
import { cpuPerSecond, residentBytes } from '../serving/footprint.ts';
import type { Size } from '../size.ts';
import { startBareTimer } from './bare-timer.ts';
import { type Besieged, measureSieges } from './besieged.ts';
import { measurePage } from './page-cost.ts';
import { shareOut, startTwoVersions, TICK_SECONDS } from './two-versions.ts';

const SECONDS = { full: 60, tiny: 1 } as const;
/** As long as from one look at the traffic to the next at rest: what is done and compiled for the first time belongs to the start. */
const SETTLE_SECONDS = { full: 65, tiny: 1 } as const;
const OPENS = { full: 7, tiny: 1 } as const;
const ASKED = { full: 300, tiny: 10 } as const;
const PER_SECOND = 50;

const GOALS = {
  residentMb: 80,
  /** ms of processor time for 1,000 predictions, on top of the ticks. */
  perThousand: 2,
  /** ms of processor time of a tick while no version is on trial. */
  tick: 0.5,
  firstPaint: 200,
  /** ms of processor time per second: one percent of a core. */
  page: 10,
  /** So many times as long the middle prediction may take beside attackers. */
  besieged: 1.5,
} as const;

/** What the agent costs beside two versions, with its page open, and what attackers cost predictions: nine minutes. */
export async function benchAgent(size: Size): Promise<void> {
  const [busy = 0] = loadavg();
  const doubt = busy > availableParallelism() ? ': more than it can do at once; waits are its own' : '';
  printLine('machine', `${availableParallelism()} processors, load average ${busy.toFixed(1)}${doubt}`);
  const agent = await startTwoVersions();
  try {
    await benchTicks(agent, size);
    await benchPredictions(agent, size);
    await benchPage(agent, size);
    for (const met of await measureSieges(agent, ASKED[size])) printBesieged(met);
  } finally {
    await agent.down();
  }
}

async function benchTicks(agent: RunningAgent, size: Size): Promise<void> {
  const seconds = SECONDS[size];
  const bare = startBareTimer();
  await sleep(1_000 * SETTLE_SECONDS[size]);
  const [tick = NaN, least = NaN] = await Promise.all(
    [agent, bare].map(async ({ pid }) => {
      const spent = await cpuPerSecond(pid(), () => sleep(1_000 * seconds));
      return spent * TICK_SECONDS;
    }),
  );
  bare.stop();
  printGoal('a tick at rest', `${tick.toFixed(2)} ms, ${least.toFixed(2)} ms where one does nothing`, {
    ...{ says: `${GOALS.tick} ms`, isMet: tick <= GOALS.tick },
  });
}

/** Between two stretches without any: what these differ by is the machine's, and more than the goal says nothing of the agent. */
async function benchPredictions(agent: RunningAgent, size: Size): Promise<void> {
  const seconds = SECONDS[size];
  const stretch = () => cpuPerSecond(agent.pid(), () => sleep(1_000 * seconds));
  await shareOut(agent, 50);
  await sleep(1_000 * SETTLE_SECONDS[size]);
  const before = await stretch();
  const client = startPacedClient(agent.predictions, PER_SECOND);
  const loaded = await stretch();
  await client.stop();
  const after = await stretch();
  const answered = Object.values(client.answered()).reduce((sum, count) => sum + count, 0);
  const ticks = (before + after) / 2;
  const perThousand = (spent: number) => (spent * seconds * 1_000) / answered;
  const [added, doubt] = [perThousand(loaded - ticks), perThousand(Math.abs(after - before) / 2)];
  printLine('a tick with a trial', `${(ticks * TICK_SECONDS).toFixed(2)} ms`);
  const value = `${added.toFixed(2)} ± ${doubt.toFixed(2)} ms on top of the ticks, ${answered} in ${seconds} s`;
  printGoal('1,000 predictions', value, {
    ...{ says: `${GOALS.perThousand} ms`, isMet: Math.max(Math.abs(added), doubt) <= GOALS.perThousand },
  });
  if (client.failures().length > 0) printLine('failed', client.failures().slice(0, 3).join('; '));
}

/** While the second version is on trial, and predictions go on: then the page has most to draw. */
async function benchPage(agent: RunningAgent, size: Size): Promise<void> {
  const program = findChromium();
  if (program === undefined) return printLine('the page', 'not measured: there is no Chromium');
  const seconds = SECONDS[size];
  const client = startPacedClient(agent.predictions, PER_SECOND);
  const before = await cpuPerSecond(agent.pid(), () => sleep(1_000 * seconds));
  let resident = 0;
  const meanwhile = () => {
    resident = residentBytes(agent.pid()) / 1e6;
  };
  const cost = await measurePage(agent, { program, opens: OPENS[size], seconds, meanwhile });
  await client.stop();
  const { firstPaint, browserCpu } = cost;
  const added = cost.agentCpu - before;
  const share = { says: '1 % of a core' };
  printGoal('memory, page open', `${resident.toFixed(1)} MB resident`, {
    ...{ says: `${GOALS.residentMb} MB`, isMet: resident <= GOALS.residentMb },
  });
  printGoal('first paint', `${firstPaint.toFixed(0)} ms`, {
    ...{ says: `${GOALS.firstPaint} ms`, isMet: firstPaint <= GOALS.firstPaint },
  });
  printGoal('page, at the agent', `${(added / 10).toFixed(2)} % of a core`, {
    ...share,
    isMet: added <= GOALS.page,
  });
  printGoal('page, in the browser', `${(browserCpu / 10).toFixed(2)} % of a core`, {
    ...{ ...share, isMet: browserCpu <= GOALS.page },
  });
}

function printBesieged({ name, tried, failed, alone, beside }: Besieged): void {
  const ratio = beside.p50 / alone.p50;
  const tails = `p95 ${alone.p95.toFixed(1)} to ${beside.p95.toFixed(1)} ms`;
  const says = `0 failed, p50 × ${GOALS.besieged}`;
  printGoal(name, `${tried} tried: ${failed} failed, p50 × ${ratio.toFixed(2)}, ${tails}`, {
    ...{ says, isMet: failed === 0 && ratio <= GOALS.besieged },
  });
}
