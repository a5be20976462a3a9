import type { HashedData, TrainPorts, TrainRequest } from './train-context.ts';

/** What the training reads, hashed. A folder that has nothing in it is said in the log: it may wait for data, or have missed them. */
export async function hashInputs(
  { config }: Pick<TrainRequest, 'config'>,
  { hashData, log }: Pick<TrainPorts, 'hashData' | 'log'>,
): Promise<HashedData> {
  const data = await hashData(config.data.inputs);
  for (const folder of data.empty)
    log.warn(
      `The data input ${folder} is a folder without a file in it: the training goes on with the others.`,
    );
  return data;
}
