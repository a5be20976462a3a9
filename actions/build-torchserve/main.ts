import { readdir } from 'node:fs/promises';
import { writeBatching } from '../../adapters/python/write-batching.ts';
import { connectImages, connectPython } from '../job/connect-python.ts';
import { CONTRACTS } from '../job/contract.ts';
import { readPlan, readRegistered } from '../job/handoff.ts';
import { runAction } from '../job/harness.ts';
import { connectFetch } from '../job/programs/connect-fetch.ts';
import { connectTracking, readConfig, tempFolder } from '../job/wiring.ts';
import { buildTorchserve } from './build-torchserve.ts';

/** The build-torchserve action: the package of one version. */
export function main(root: string): Promise<void> {
  return runAction(CONTRACTS['build-torchserve'], async (job) => {
    const { inputs, host, log } = job;
    const plan = readPlan(inputs.plan);
    const config = await readConfig(host, inputs.config);
    return buildTorchserve(
      { config, registered: readRegistered(inputs.registered) },
      {
        tracking: await connectTracking(host, config),
        log,
        python: connectPython(host, config, { ...job, python: inputs.python, root }),
        fetchData: connectFetch(host, config, { ...job, plan, python: inputs.python, runner: 'gpu-runner' }),
        packageFolder: async () => tempFolder(host, 'package'),
        listFiles: (folder) => readdir(folder),
        writeBatching,
        ...connectImages(host, config, { ...job, python: inputs.python, root }),
      },
    );
  });
}
