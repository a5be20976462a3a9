import path from 'node:path';
import { z } from 'zod';
import { loadConfig } from '../../adapters/load-config.ts';
import { runProcess } from '../../adapters/run-process.ts';
import type { Config } from '../../core/config/config.ts';
import { messageOf } from '../../core/errors.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { askCheck } from './ask-check.ts';
import type { ChainOptions } from './chain-options.ts';
import { type KindChain, openChain } from './play-chain.ts';
import type { PlayedKind } from './played.ts';
import { KINDS_FOLDER, type ModelKind } from './read-kinds.ts';
import { writeConfiguration } from './workplace.ts';

/** scikit-learn clips probabilities elsewhere, and networks count in single precision. */
const TOLERANCE = 1e-4;

/** Has one kind trained, looked at by `check`, judged, packed and asked, and compares all of it with what its own library says. */
export async function playKind(kind: ModelKind, options: ChainOptions): Promise<PlayedKind> {
  try {
    return await play(kind, options);
  } catch (thrown) {
    return { kind: 'defect', message: messageOf(thrown) };
  }
}

async function play(kind: ModelKind, options: ChainOptions): Promise<PlayedKind> {
  const { place, python } = options;
  const config = await readConfig(options);
  if (config === undefined) {
    return (
      (await askCheck(place, python)) ??
      wrong('The configuration is not valid, and check says that all is well.')
    );
  }
  const chain = openChain(options, kind.name);
  const trained = await chain.train(config).catch((thrown: unknown) => messageOf(thrown));
  if (typeof trained === 'string') {
    const model = await chain.findModel(config);
    const refused = model === undefined ? undefined : await askCheck(place, python, model);
    return refused ?? wrong(`check says that all is well, and train: ${trained}`);
  }
  const said = await chain.readSaid(trained);
  writeConfiguration(kind, place, Object.keys(said.metrics));
  const full = (await readConfig(options)) ?? config;
  const judged = await chain.judge(full, trained).catch((thrown: unknown) => messageOf(thrown));
  // What predicts for check is what predicts for the gate: where that is judged and passes, check has nothing against it.
  if (typeof judged === 'string' || judged.verdict !== 'pass' || options.isBoxed) {
    const refused = await askCheck(place, python, trained.modelUri);
    if (refused !== undefined) return refused;
  }
  if (typeof judged === 'string') return wrong(`check says that all is well, and the gate: ${judged}`);
  const found = compareMetrics(said.metrics, judged);
  const folder = await chain.pack(full, trained);
  const ask = { package: folder, model: trained.modelUri, kind: kind.name, said: said.file };
  found.push(...(await askPackage(options, ask)));
  return found.length === 0 ? { kind: 'works' } : { kind: 'wrong', found };
}

function wrong(sentence: string): PlayedKind {
  return { kind: 'wrong', found: [sentence] };
}

async function readConfig({ place }: ChainOptions): Promise<Config | undefined> {
  const read = await loadConfig(place.folder, 'trainyard.yml', process.env);
  return read.ok ? read.value : undefined;
}

type Judged = Awaited<ReturnType<KindChain['judge']>>;

/** The gate's numbers beside scikit-learn's. */
function compareMetrics(expected: Readonly<Record<string, number>>, { verdict, checks }: Judged): string[] {
  const found = verdict === 'pass' ? [] : [`the gate says ${verdict}`];
  for (const [metric, value] of Object.entries(expected)) {
    const judged = checks.find((check) => check.metric === metric)?.challenger;
    if (judged === undefined || Math.abs(judged - value) > TOLERANCE * Math.max(1, Math.abs(value)))
      found.push(`the gate has ${metric} ${judged ?? 'nowhere'}, scikit-learn ${value}`);
  }
  return found;
}

type Asked = {
  readonly package: string;
  readonly model: string;
  readonly kind: string;
  /** The file with what the model says by its own library. */
  readonly said: string;
};

/** What differs between the package's answers and the model's own. */
async function askPackage({ place, python }: ChainOptions, asked: Asked): Promise<readonly string[]> {
  const named = { ...asked, runtime: path.join(ROOT, 'runtime') };
  const args = Object.entries(named).flatMap(([name, value]) => [`--${name}`, value]);
  const end = await runProcess({
    command: python,
    args: [path.join(KINDS_FOLDER, 'ask_package.py'), ...args],
    cwd: place.folder,
    env: { ...process.env, MLFLOW_TRACKING_URI: place.trackingUri },
  });
  if (end.code !== 0) throw new Error(`The package could not be asked: ${end.stderr.slice(-8).join('\n')}`);
  return z.array(z.string()).parse(JSON.parse(end.stdout.at(-1) ?? ''));
}
