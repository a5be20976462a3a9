import type { SignFolder } from '../../adapters/signing/model-bundle.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEventData } from '../../core/ledger/event.ts';
import { lookUp } from '../../core/ledger/state.ts';
import { MODEL_BUNDLE } from '../../core/names.ts';
import type { Clock, Ledger } from '../../core/ports.ts';
import { ok } from '../../core/result.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import type { Author } from '../job/author.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import type { PackageSource } from '../serving/package-source.ts';
import { requirePackageOf } from '../serving/require-package-of.ts';
import { requireVersion } from '../serving/require-version.ts';

/** The package that the build job has made, and of which version. */
type KeepRequest = {
  readonly model: string;
  readonly version: string;
  readonly package: string;
  readonly author: Author;
};

type KeepPorts = {
  readonly ledger: Ledger;
  readonly packages: Pick<PackageSource, 'describe'>;
  readonly clock: Pick<Clock, 'now'>;
  /** Signs the files of a folder for others; absent where the job has no key that they could verify it by. */
  readonly signFolder?: SignFolder | undefined;
  /** Keeps a text with a run, at that path of its artifacts. */
  readonly keepText: (runId: string, path: string, text: string) => Promise<void>;
};

type Kept = OutcomeOf<(typeof CONTRACTS)['keep-package']>;

/**
 * Writes the package of a version to the ledger, as soon as it is built: whatever stops its rollout then costs no training. The build job
 * ran the user's code, so its word is held against the package's own manifest, and that against the ledger. Rejects with a UserError where
 * they differ. With a key for it, the package's files are signed beside it too, so that others can verify what they were given.
 */
export async function keepPackage(request: KeepRequest, ports: KeepPorts): Promise<Kept> {
  const { model, version, author } = request;
  const name = request.package;
  const { ledger, packages, clock, signFolder, keepText } = ports;
  const known = requireVersion(await ledger.read(model), version);
  if (known.package?.package === name) return conclude('already-kept', version, name);
  const { manifest, built, files } = await packages.describe(name, known.runId);
  requirePackageOf({ model, ...known }, name, manifest);
  if (signFolder !== undefined)
    await keepText(known.runId, `${built.artifactPath}/${MODEL_BUNDLE}`, signFolder(name, files));
  const data: LedgerEventData<'package.built'> = { version, ...built };
  const event = createEvent({ ...author, at: clock.now() }, 'package.built', data, version, name);
  await appendOrThrow(ledger, model, ({ versions }) =>
    ok(lookUp(versions, version)?.package?.package === name ? [] : [event]),
  );
  return conclude('package-kept', version, name);
}

function conclude(reasonCode: 'package-kept' | 'already-kept', version: string, name: string): Kept {
  const headline = `Version ${version} is packed, and its package is on record: it can be rolled out at any time.`;
  return {
    decision: 'continue',
    reasonCode,
    headline,
    report: { sign: 'package-kept', blocks: [{ kind: 'paragraph', text: headline }] },
    outputs: { package: name },
    result: { version, package: name },
  };
}
