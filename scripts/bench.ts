import { parseArgs } from 'node:util';
import type { Size } from '../measure/bench/size.ts';

/** Speed and memory, each as a ratio to an alternative measured in the same run: machines differ, ratios travel. */
const BENCHES: Readonly<Record<string, (size: Size) => Promise<void>>> = {
  agent: async (size) => (await import('../measure/bench/agent/agent.ts')).benchAgent(size),
  box: async (size) => (await import('../measure/bench/box.ts')).benchBox(size),
  drift: async (size) => (await import('../measure/bench/drift.ts')).benchDrift(size),
  endurance: async (size) => (await import('../measure/bench/serving/endurance.ts')).benchEndurance(size),
  gate: async (size) => (await import('../measure/bench/gate.ts')).benchGate(size),
  ledger: async (size) => (await import('../measure/bench/ledger.ts')).benchLedger(size),
  monitor: async (size) => (await import('../measure/bench/monitor.ts')).benchMonitor(size),
  overhead: async (size) => (await import('../measure/bench/overhead.ts')).benchOverhead(size),
  protocols: async (size) => (await import('../measure/bench/protocols.ts')).benchProtocols(size),
  search: async (size) => (await import('../measure/bench/search/search.ts')).benchSearch(size),
  serving: async (size) => (await import('../measure/bench/serving/serving.ts')).benchServing(size),
  'serving-image': async () => (await import('../measure/bench/serving/image.ts')).benchServingImage(),
};

const HELP = `npm run bench -- [--tiny] NAME...

Names: ${Object.keys(BENCHES).join(', ')}.

  --tiny  measures so little that it shows only that all of it runs; serving-image has no less to do
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals: names } = parseArgs({
    allowPositionals: true,
    options: { tiny: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (names.length === 0 || values.help) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const unknown = names.find((name) => BENCHES[name] === undefined);
  if (unknown !== undefined) {
    process.stderr.write(`no benchmark is called '${unknown}'.\n${HELP}`);
    return 2;
  }
  for (const name of names) await BENCHES[name]?.(values.tiny ? 'tiny' : 'full');
  return 0;
}
