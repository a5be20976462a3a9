/** Speed and memory, each as a ratio to an alternative measured in the same run: machines differ, ratios travel. */
const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  box: async () => (await import('../measure/bench/box.ts')).benchBox(),
  drift: async () => (await import('../measure/bench/drift.ts')).benchDrift(),
  gate: async () => (await import('../measure/bench/gate.ts')).benchGate(),
  ledger: async () => (await import('../measure/bench/ledger.ts')).benchLedger(),
  overhead: async () => (await import('../measure/bench/overhead.ts')).benchOverhead(),
  search: async () => (await import('../measure/bench/search.ts')).benchSearch(),
  serving: async () => (await import('../measure/bench/serving/serving.ts')).benchServing(),
  'serving-image': async () => (await import('../measure/bench/serving/image.ts')).benchServingImage(),
};

const HELP = `npm run bench -- NAME...\n\nNames: ${Object.keys(BENCHES).join(', ')}.\n`;

process.exitCode = await main(process.argv.slice(2));

async function main(names: readonly string[]): Promise<number> {
  if (names.length === 0 || names.includes('--help')) {
    process.stdout.write(HELP);
    return names.length === 0 ? 2 : 0;
  }
  for (const name of names) {
    const bench = BENCHES[name];
    if (bench === undefined) {
      process.stderr.write(`no benchmark is called '${name}'.\n${HELP}`);
      return 2;
    }
    await bench();
  }
  return 0;
}
