import {
  type Running,
  runSuite,
  type Suite,
  type SuiteLane,
  type SuiteResult,
  startBeside,
} from './suite.ts';

/** What suites came to, by name. */
export type SuiteResults = ReadonlyMap<string, SuiteResult>;

const LANES = ['front', 'side', 'back'] as const;

/**
 * Runs the suites and gives what each came to, in the order they are given in. The lanes run beside each other; the output of each
 * suite stays in one piece, in the order they were begun.
 */
export async function runSuites(suites: readonly Suite[]): Promise<SuiteResults> {
  const suitesOf = (lane: SuiteLane | undefined) => suites.filter((suite) => suite.lane === lane);
  const spare = suitesOf('spare').map((suite) => ({ suite, running: startBeside(suite, 'idle') }));
  const results = new Map(await runInTurn(suitesOf(undefined)));
  const lanes = LANES.map(suitesOf).filter((own) => own.length > 0);
  // What has the terminal to itself keeps its colours.
  const inLanes = lanes.length > 1 ? runBeside(lanes) : runInTurn(lanes.flat());
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

async function runBeside(lanes: readonly (readonly Suite[])[]): Promise<SuiteResults> {
  const results = new Map<string, SuiteResult>();
  let shown: Promise<unknown> = Promise.resolve();
  const runLane = async (suites: readonly Suite[]) => {
    for (const suite of suites) {
      const running = startBeside(suite, suite.givesWay === true ? 'low' : 'usual');
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
