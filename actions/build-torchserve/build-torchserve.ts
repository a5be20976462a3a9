import path from 'node:path';
import type { Config } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { judgeBudgets } from '../../core/gate/judge/budgets.ts';
import { packageFolder } from '../../core/identity/package-folder.ts';
import { packageName, parsePackageName } from '../../core/identity/package-name.ts';
import { PACKAGE_FILES, TAGS } from '../../core/names.ts';
import type { Log, PackageOutput, PythonRuntime, RegisteredVersion, Tracking } from '../../core/ports.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { reportPackage } from './report-package.ts';

type BuildRequest = {
  readonly config: Config;
  readonly version: string;
  readonly runId: string;
};

export type BuildPorts = {
  readonly tracking: Tracking;
  readonly log: Log;
  readonly python: PythonRuntime;
  /** A fresh folder for the package's files. */
  readonly packageFolder: () => Promise<string>;
  readonly listFiles: (folder: string) => Promise<readonly string[]>;
  /** Puts a container image in the place of the package's archive, and gives the new manifest's digest; absent where hosts run processes. */
  readonly packAsImage?: (folder: string) => Promise<string>;
};

type Built = OutcomeOf<(typeof CONTRACTS)['build-torchserve']>;

/**
 * Builds the package of a version once, checks it against MLflow's own predictions while doing so, judges the gate's rules for
 * what it costs to serve, and stores its files with the run.
 */
export async function buildTorchserve(request: BuildRequest, ports: BuildPorts): Promise<Built> {
  const { config, version } = request;
  const { tracking, log } = ports;
  const registered = await requireVersion(request, tracking);
  const { runId } = registered;
  const existing = await findPackage({ ...request, runId }, tracking);
  if (existing !== undefined) return concludeExisting(request, existing);
  const folder = await ports.packageFolder();
  const packed = await log.group('Packing the model and checking it against MLflow', () =>
    ports.python.buildPackage({
      modelUri: registered.modelUri,
      model: config.model,
      version,
      runId,
      holdout: config.data.holdout,
      serving: config.serving,
      folder,
    }),
  );
  const challengerMs = await ports.python.measurePackage(folder);
  const { sizeBytes } = packed;
  const budgets = judgeBudgets(config.gate, {
    sizeBytes,
    latency: { challengerMs },
    seed: packed.manifestDigest,
  });
  const output = budgets.verdict === 'pass' ? await shipAsImage(ports, folder, packed) : packed;
  const name = packageName(config.model, output.manifestDigest);
  const shared = { report: reportPackage(name, version, output, budgets), outputs: { package: name } };
  if (budgets.verdict !== 'pass') {
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
  await storePackage({ ...request, runId }, ports, folder, output, name);
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

async function findPackage(
  { config, runId, version }: BuildRequest,
  tracking: Tracking,
): Promise<string | undefined> {
  const { tags } = await tracking.getRun(runId);
  const name = tags[TAGS.package];
  const parsed = name === undefined ? undefined : parsePackageName(name);
  if (name === undefined || parsed?.model !== config.model) return undefined;
  if (tags[TAGS.packageVersion] !== version) return undefined;
  const folder = packageFolder(parsed.digest);
  const files = await tracking.listArtifacts(runId, folder);
  return files.includes(`${folder}/${PACKAGE_FILES.manifest}`) ? name : undefined;
}

function concludeExisting({ version }: BuildRequest, name: string): Built {
  const headline = `${name} is built already.`;
  return {
    decision: 'continue',
    reasonCode: 'already-built',
    headline,
    report: { sign: 'already-built', blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: { package: name },
    result: { package: name, version },
  };
}

async function storePackage(
  { runId, version }: BuildRequest,
  { tracking, listFiles }: BuildPorts,
  folder: string,
  output: PackageOutput,
  name: string,
): Promise<void> {
  const target = packageFolder(output.manifestDigest);
  const files = await listFiles(folder);
  // The manifest goes last: where it is, the package is whole.
  const ordered = [...files.filter((file) => file !== PACKAGE_FILES.manifest), PACKAGE_FILES.manifest];
  for (const file of ordered)
    await tracking.uploadArtifact(runId, `${target}/${file}`, path.join(folder, file));
  await tracking.setRunTags(runId, { [TAGS.package]: name, [TAGS.packageVersion]: version });
}

async function requireVersion(
  { config, version, runId }: BuildRequest,
  tracking: Tracking,
): Promise<RegisteredVersion> {
  const registered = await tracking.getVersion(config.model, version);
  if (registered !== undefined && (runId === '' || registered.runId === runId)) return registered;
  const message =
    registered === undefined
      ? `MLflow has no version ${version} of ${config.model}.`
      : `Version ${version} of ${config.model} comes from run ${registered.runId}, not from ${runId}.`;
  throw new UserError([
    {
      code: 'version-unknown',
      message,
      remedy: 'Pass the version and the run-id that the register action gave.',
    },
  ]);
}
