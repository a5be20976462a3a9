import path from 'node:path';
import { mergeContracts, readAsJudged } from '../../core/answers/contract.ts';
import type { Config } from '../../core/config/config.ts';
import { judgeBudgets } from '../../core/gate/judge/budgets.ts';
import { requestsToTime } from '../../core/gate/judge/latency.ts';
import { packageFolder } from '../../core/identity/package-folder.ts';
import { packageName } from '../../core/identity/package-name.ts';
import { PACKAGE_FILES } from '../../core/names.ts';
import type { Log, Tracking } from '../../core/ports.ts';
import type { PackageOutput, PythonRuntime } from '../../core/python-port.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Registered } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { type FetchData, readFetched } from '../job/programs/fetch-data.ts';
import { type BatchPorts, findBatchSize } from './batch-size.ts';
import { reportPackage } from './report-package.ts';

type BuildRequest = { readonly config: Config; readonly registered: Registered };

export type BuildPorts = {
  readonly tracking: Tracking;
  readonly log: Log;
  readonly python: PythonRuntime;
  /** Brings the data of the workspace that git does not hold: the profile is made of the holdout. */
  readonly fetchData: FetchData;
  /** A fresh folder for the package's files. */
  readonly packageFolder: () => Promise<string>;
  readonly listFiles: (folder: string) => Promise<readonly string[]>;
  readonly writeBatching: BatchPorts['writeBatching'];
  /** Puts a container image in the place of the package's archive, and gives the new manifest's digest; absent where hosts run processes. */
  readonly packAsImage?: (folder: string) => Promise<string>;
};

type Built = OutcomeOf<(typeof CONTRACTS)['build-torchserve']>;

/**
 * Builds the package of a version from the bytes that were judged, checks it against MLflow's own predictions while doing so, judges the
 * gate's rules for what it costs to serve, finds its batch size where that is `auto`, and stores its files with the run. It is built already
 * only where the ledger says so: what lies in MLflow may be anybody's.
 */
export async function buildTorchserve(request: BuildRequest, ports: BuildPorts): Promise<Built> {
  const { config, registered } = request;
  const { version, runId, modelUri, modelDigest } = registered;
  const { log } = ports;
  if (registered.package !== undefined) return concludeExisting(version, registered.package);
  await ports.fetchData(config.data);
  const folder = await ports.packageFolder();
  const packed = await log.group('Packing the model and checking it against MLflow', () =>
    readFetched(config.data, () =>
      ports.python.buildPackage({
        ...{ model: config.model, version, runId, modelUri, modelDigest },
        holdout: config.data.holdout,
        answers: readAsJudged(mergeContracts(config.answers, registered.answers), registered.answers),
        serving: config.serving,
        columns: config.monitor.drift.columns,
        folder,
      }),
    ),
  );
  const { gpu } = config.serving.settings;
  const latencyMs = await ports.python.measurePackage(folder, requestsToTime(config.gate), gpu);
  const { sizeBytes } = packed;
  const budgets = judgeBudgets(config.gate, { sizeBytes, latencyMs });
  const isPassed = budgets.verdict === 'pass';
  const batching = isPassed ? await findBatchSize(config, { folder, ...packed }, ports) : undefined;
  const sized = batching === undefined ? packed : { ...packed, ...batching.written };
  const output = isPassed ? await shipAsImage(ports, folder, sized) : sized;
  const name = packageName(config.model, output.manifestDigest);
  const report = reportPackage({ name, version, batching }, output, budgets);
  const shared = { report, outputs: { package: name } };
  if (!isPassed) {
    const headline = `The package of version ${version} does not pass the gate's rules for serving it: ${budgets.verdict}.`;
    const reasonCode = budgets.verdict === 'fail' ? 'gate-failed' : 'gate-inconclusive';
    return {
      ...shared,
      decision: 'stop',
      reasonCode,
      headline,
      result: { package: name, version, ...output, budgets },
    };
  }
  await storePackage(ports, { runId, folder, manifestDigest: output.manifestDigest });
  const headline = `${name} is built: ${output.format}, ${output.sizeBytes} bytes.`;
  return {
    ...shared,
    decision: 'continue',
    reasonCode: 'package-built',
    headline,
    result: { package: name, version, ...output, budgets },
  };
}

async function shipAsImage(
  { packAsImage, log }: BuildPorts,
  folder: string,
  packed: PackageOutput,
): Promise<PackageOutput> {
  if (packAsImage === undefined) return packed;
  const manifestDigest = await log.group('Building and pushing its image', () => packAsImage(folder));
  return { ...packed, manifestDigest };
}

function concludeExisting(version: string, name: string): Built {
  const headline = `${name} is built already, by the ledger.`;
  return {
    decision: 'continue',
    reasonCode: 'already-built',
    headline,
    report: { sign: 'already-built', blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: { package: name },
    result: { package: name, version },
  };
}

/** The files of a package, and the run that gets them. */
type Stored = { readonly runId: string; readonly folder: string; readonly manifestDigest: string };

async function storePackage(
  { tracking, listFiles }: BuildPorts,
  { runId, folder, manifestDigest }: Stored,
): Promise<void> {
  const target = packageFolder(manifestDigest);
  const files = await listFiles(folder);
  // The manifest goes last: where it is, the package is whole.
  const ordered = [...files.filter((file) => file !== PACKAGE_FILES.manifest), PACKAGE_FILES.manifest];
  for (const file of ordered)
    await tracking.uploadArtifact(runId, `${target}/${file}`, path.join(folder, file));
}
