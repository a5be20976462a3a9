import { createEvent } from '../../core/ledger/create-event.ts';
import type { LedgerEventData } from '../../core/ledger/event.ts';
import { lookUp } from '../../core/ledger/state.ts';
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
};

type Kept = OutcomeOf<(typeof CONTRACTS)['keep-package']>;

/**
 * Writes the package of a version to the ledger, as soon as it is built: whatever stops its rollout then costs no training. The build job
 * ran the user's code, so its word is held against the package's own manifest, and that against the ledger. Rejects with a UserError where
 * they differ.
 */
export async function keepPackage(request: KeepRequest, ports: KeepPorts): Promise<Kept> {
  const { model, version, author } = request;
  const name = request.package;
  const { ledger, packages, clock } = ports;
  const known = requireVersion(await ledger.read(model), version);
  if (known.package?.package === name) return conclude('already-kept', version, name);
  const { manifest, built } = await packages.describe(name, known.runId);
  requirePackageOf({ model, ...known }, name, manifest);
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
