import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { addTallies, type Found, messageSchema, NOTHING_PLAYED, type Tally } from './findings.ts';

/** What is to be played. */
type Playing = {
  readonly seed: number;
  readonly schedules: number;
  readonly workers: number;
  /** No schedule is begun later than so long after the start, in s. */
  readonly seconds?: number | undefined;
  /** The fault that is put back, by name. */
  readonly mutation?: string | undefined;
};

type Hearing = {
  readonly onFound: (found: Found) => void;
  readonly onTally: (tally: Tally) => void;
  /** Ends all workers as soon as this says so. */
  readonly isEnough: () => boolean;
};

const WORKER = join(import.meta.dirname, 'worker.ts');
const LOADER = join(import.meta.dirname, 'put-back.ts');

/** Plays a batch in processes of their own. Rejects when one of them fails. */
export async function runWorkers(batch: Playing, { onFound, onTally, isEnough }: Hearing): Promise<Tally> {
  const { seed, schedules, workers, mutation, seconds = Number.POSITIVE_INFINITY } = batch;
  let sum = NOTHING_PLAYED;
  const children: ChildProcess[] = [];
  const endAll = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', endAll);
  const ended = Array.from({ length: workers }, (_, index) => {
    const count = Math.ceil((schedules - index) / workers);
    const child = fork(WORKER, [seed + index, count, workers, seconds].map(String), {
      execArgv: [
        '--disable-warning=ExperimentalWarning',
        ...(mutation === undefined ? [] : ['--import', LOADER]),
      ],
      env: { ...process.env, ...(mutation !== undefined && { TRAINYARD_WORLD_MUTATION: mutation }) },
    });
    children.push(child);
    child.on('message', (raw) => {
      const message = messageSchema.parse(raw);
      if (message.kind === 'found') onFound(message.found);
      else {
        sum = addTallies(sum, message.tally);
        onTally(sum);
      }
      if (isEnough()) endAll();
    });
    return new Promise<void>((resolve, reject) => {
      child.on('exit', (code) => {
        if (code === 0 || isEnough()) resolve();
        else reject(new Error(`A worker of the world ended with ${code}; what it wrote stands above.`));
      });
    });
  });
  try {
    await Promise.all(ended);
  } finally {
    process.off('exit', endAll);
    endAll();
  }
  return sum;
}
