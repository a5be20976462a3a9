import { readFetched } from '../job/programs/fetch-data.ts';
import type { HashedData, TrainPorts, TrainRequest } from './train-context.ts';

/** What the training reads, hashed. A folder that has nothing in it is said in the log: it may wait for data, or have missed them. */
export async function hashInputs(
  { config }: Pick<TrainRequest, 'config'>,
  { hashData, log }: Pick<TrainPorts, 'hashData' | 'log'>,
): Promise<HashedData> {
  const data = await readFetched(config.data, () => hashData(config.data.inputs));
  for (const folder of data.empty)
    log.warn(
      `The data input ${folder} is a folder without a file in it: the training goes on with the others.`,
    );
  return data;
}

/** The holdout of the commit, read as judge reads that of the default branch: nothing is trained for hours that could not be judged then. */
export async function tryHoldout(
  { config: { data } }: Pick<TrainRequest, 'config'>,
  { readHoldout }: Pick<TrainPorts, 'readHoldout'>,
): Promise<void> {
  const { holdout } = data;
  if (holdout !== undefined) await readFetched(data, () => readHoldout(holdout));
}
