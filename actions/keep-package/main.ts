import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { createSaveFile } from '../../adapters/save-file.ts';
import { createFolderSigner } from '../../adapters/signing/model-bundle.ts';
import { SECRETS } from '../../core/names.ts';
import { authorOf } from '../job/author.ts';
import { CONTRACTS } from '../job/contract.ts';
import { readHandedOn, readPlan } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { connectLedger, connectTracking, readConfig, tempFolder } from '../job/wiring.ts';
import { connectPackages } from '../serving/wiring.ts';
import { keepPackage } from './keep-package.ts';

/** The keep-package action: the package that was built, on record. */
export function main(): Promise<void> {
  return runAction(CONTRACTS['keep-package'], async ({ inputs, host, log }) => {
    const plan = readPlan(inputs.plan);
    const { config: file, 'github-token': token } = inputs;
    const tracking = await connectTracking(host, await readConfig(host, file));
    const saveFile = createSaveFile(tempFolder(host, 'bundle'));
    return keepPackage(
      {
        model: plan.model,
        version: readHandedOn('version', inputs.version),
        package: readHandedOn('package', inputs.package),
        author: authorOf(plan, host),
      },
      {
        ledger: await connectLedger(host, token, { log, seen: plan.ledger }),
        packages: connectPackages(host, tracking),
        clock: systemClock,
        signFolder: createFolderSigner(host.env[SECRETS.signingKey] ?? ''),
        keepText: async (runId, artifact, text) =>
          tracking.uploadArtifact(runId, artifact, await saveFile(path.posix.basename(artifact), text)),
      },
    );
  });
}
