import type { Priority } from './at-priority.ts';
import { type Kind, type Running, runSuite, type Suite, type SuiteResult, startBeside } from './suite.ts';

/** What suites came to, by name. */
export type SuiteResults = ReadonlyMap<string, SuiteResult>;

/** Suites of one kind, which run in turn. */
type Lane = { readonly priority: Priority; readonly suites: readonly Suite[] };

/** What computes leaves to what waits all that it asks for: a server that starts has a time limit, a sum has none. */
const PRIORITIES = { waits: 'usual', computes: 'low' } as const;
const LANES = ['waits', 'computes'] as const;

/**
 * Runs the suites and gives what each came to, in the order they are given in. Those that wait and those that compute run beside
 * each other; the output of each suite stays in one piece, in the order they were begun.
 */
export async function runSuites(suites: readonly Suite[]): Promise<SuiteResults> {
  const ofKind = (kind: Kind | undefined) => suites.filter((suite) => suite.kind === kind);
  const spare = ofKind('spare').map((suite) => ({ suite, running: startBeside(suite, 'idle') }));
  const results = new Map(await runInTurn(ofKind(undefined)));
  const lanes = LANES.map((kind) => ({ priority: PRIORITIES[kind], suites: ofKind(kind) }));
  const busy = lanes.filter((lane) => lane.suites.length > 0);
  // What has the terminal to itself keeps its colours.
  const inLanes = busy.length > 1 ? runBeside(busy) : runInTurn(busy.flatMap((lane) => lane.suites));
  for (const [name, result] of await inLanes) results.set(name, result);
  for (const { suite, running } of spare) results.set(suite.name, await show(suite, running));
  return new Map(suites.flatMap(({ name }) => [...results].filter(([ran]) => ran === name)));
}

async function runInTurn(suites: readonly Suite[]): Promise<SuiteResults> {
  const results = new Map<string, SuiteResult>();
  for (const suite of suites) {
    announce(suite);
    results.set(suite.name, await runSuite(suite));
  }
  return results;
}

async function runBeside(lanes: readonly Lane[]): Promise<SuiteResults> {
  const results = new Map<string, SuiteResult>();
  let shown: Promise<unknown> = Promise.resolve();
  const runLane = async ({ priority, suites }: Lane) => {
    for (const suite of suites) {
      const running = startBeside(suite, priority);
      shown = shown.then(() => show(suite, running));
      results.set(suite.name, await running.ended);
    }
  };
  await Promise.all(lanes.map(runLane));
  await shown;
  return results;
}

function show(suite: Suite, running: Running): Promise<SuiteResult> {
  announce(suite);
  return running.show();
}

function announce({ name }: Suite): void {
  process.stdout.write(`\n── ${name}\n`);
}
