import { expect, test } from 'vitest';
import { environmentOf } from '../../core/ledger/state.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { startAilingFront } from '../../sandbox/network/ailing-front.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type SteadyClient, startPacedClient } from '../../sandbox/traffic/steady-client.ts';
import { ENVIRONMENT, inScene, MODEL, type Scene, tell, WRITER } from './support/doubler.ts';

const PER_SECOND = 20;
/** What is promised: from the comment to the last request that the candidate answers, on any host, in s. */
const PROMISED_SECONDS = 90;
const WAIT_MS = 300_000;
const TIMEOUT_MS = 900_000;
/** More than any job asks. */
const ALWAYS = 1_000_000;

type Front = Awaited<ReturnType<typeof startAilingFront>>;

test('a rollback while a runner is busy, a host is sick, MLflow is down, Issues are off and trainyard.yml is broken ends the candidate in time', {
  timeout: TIMEOUT_MS,
}, async () => {
  const fronts: Front[] = [];
  const reach = async ({ url }: { readonly url: string }, name: string) => {
    if (name === 'serve-1') return url;
    const front = await startAilingFront(Number(new URL(url).port));
    fronts.push(front);
    return front.url;
  };
  try {
    await inScene({ hosts: ['serve-1', 'serve-2'], parallel: 2, reach }, (scene) => play(scene, fronts));
  } finally {
    for (const front of fronts) await front.stop();
  }
});

/** Two hosts: a well one, and one whose control API falls sick behind its gateway. */
async function play({ sandbox, mlflow, hosts, stops, say, release }: Scene, [front]: Front[]): Promise<void> {
  if (front === undefined) throw new Error('no host is behind a gateway');
  await release();
  const first = say('/deploy v1');
  await sandbox.finished(first);
  expect(outputOf(first, 'deploy', 'outcome'), tell(first)).toBe('promoted');
  await release();
  const clients = hosts.map(({ dataPlane }) =>
    startPacedClient(`${dataPlane}/predictions/${MODEL}`, PER_SECOND),
  );
  stops.push(...clients.map(({ stop }) => stop));
  const busy = say('/deploy v2');
  const bothServe = () => clients.every((client) => (client.answered()['2'] ?? 0) >= PER_SECOND);
  await waitFor(() => busy.status === 'completed' || bothServe(), 'the candidate on both hosts', WAIT_MS);
  expect(busy.status, tell(busy)).toBe('running');

  await mlflow.child.stop();
  // GitHub takes comments on pull requests also where Issues are off; here it takes none.
  sandbox.github.faults.add({
    path: '/issues',
    times: ALWAYS,
    answer: { status: 410, body: { message: 'Issues are disabled for this repo' } },
  });
  breakConfiguration(sandbox);
  front.ail();
  const saidAt = Date.now();
  const rollback = say('/rollback');
  await Promise.all([rollback, busy].map(sandbox.finished));
  const before = clients.map(({ answered }) => answered()['1'] ?? 0);
  const isServed = () =>
    clients.every(({ answered }, i) => (answered()['1'] ?? 0) > (before[i] ?? 0) + 5 * PER_SECOND);
  await waitFor(isServed, 'the champion to serve alone', WAIT_MS);
  await Promise.all(clients.map(({ stop }) => stop()));

  report(clients, saidAt, rollback);
  expect(rollback.conclusion, tell(rollback)).toBe('success');
  checkRecord(sandbox, front, rollback);
  expect(outputOf(rollback, 'take-back', 'outcome')).toBe('rolled-back');
  expect(outputOf(busy, 'deploy', 'outcome'), tell(busy)).toBe('rolled-back');
  const [well = Infinity, sick = Infinity] = clients.map((client) => lastSeconds(client, saidAt));
  expect(Math.max(well, sick)).toBeLessThanOrEqual(PROMISED_SECONDS);
  expect(clients.flatMap(({ failures }) => failures())).toEqual([]);
}

/** The default branch has a mistake where its hosts are named. */
function breakConfiguration({ remote }: Scene['sandbox']): void {
  const written = remote.show('main', 'trainyard.yml') ?? '';
  const files = { 'trainyard.yml': written.replace('hosts:', 'hots:') };
  remote.commit({ branch: 'main', files, message: 'Name the hosts', author: WRITER });
}

/** From the comment to the candidate's last answer, in s. */
function lastSeconds({ lastAnswers }: SteadyClient, saidAt: number): number {
  return ((lastAnswers()['2'] ?? Infinity) - saidAt) / 1_000;
}

function report(clients: readonly SteadyClient[], saidAt: number, { finishedAt = '' }: WorkflowRun): void {
  const lines = clients.map((client, i) => {
    const { 1: champion = 0, 2: candidate = 0 } = client.answered();
    const name = i === 0 ? 'the host in reach' : 'the sick host';
    return `${name}: the candidate's last answer after ${lastSeconds(client, saidAt).toFixed(1)} s; it gave ${candidate}, the champion ${champion}`;
  });
  const job = ((Date.parse(finishedAt) - saidAt) / 1_000).toFixed(1);
  process.stdout.write(`\n${[...lines, `the workflow of /rollback ended after ${job} s`].join('\n')}\n`);
}

/** The ledger names the sick host, and people are told of it and of what could not be written. */
function checkRecord({ remote }: Scene['sandbox'], front: Front, rollback: WorkflowRun): void {
  const ends = readLedger(remote, MODEL).filter((event) => event.kind === 'rollout.rolled-back');
  expect(ends).toMatchObject([{ data: { version: '2', code: 'requested', away: [front.url] } }]);
  const here = environmentOf(readLedgerState(remote, MODEL), ENVIRONMENT);
  expect(here.champion?.version).toBe('1');
  expect(here.rollout).toBeUndefined();
  const warnings =
    rollback.jobs.get('take-back')?.annotations.filter(({ level }) => level === 'warning') ?? [];
  const warned = warnings.map(({ message }) => message).join('\n');
  expect(warned).toContain("trainyard.yml can't be used");
  expect(warned).toContain(front.url);
  expect(warned).toContain('Issues are disabled');
}
