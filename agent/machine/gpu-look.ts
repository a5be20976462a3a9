import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../../adapters/run-command.ts';
import { messageOf } from '../../core/errors.ts';

/** GPUs of this host, and the processes that have memory there; `bytes` is absent where nvidia-smi says `[N/A]`. */
type Gpus = {
  readonly kind: 'seen';
  readonly gpus: readonly {
    readonly index: number;
    readonly usedBytes: number;
    readonly totalBytes: number;
  }[];
  readonly processes: readonly { readonly pid: number; readonly bytes: number | undefined }[];
};

/** `none`: there is no nvidia-smi. `unknown`: it can't tell, and why. */
export type GpuLook = Gpus | { readonly kind: 'none' } | { readonly kind: 'unknown'; readonly why: string };

/** Gives what was last seen of the GPUs. */
export type LookAtGpus = () => Promise<GpuLook>;

/** What was seen is good for so long, in ms: nvidia-smi takes a second where the driver was asleep. */
const FRESH_MS = 10_000;
/** It hangs where the driver does: it is given up then, and nobody waits for it longer than that. */
const TIMEOUT_MS = 10_000;
const PATIENCE_MS = 2_000;
const MIB = 2 ** 20;
const FORMAT = '--format=csv,noheader,nounits';
const OF_GPUS = ['--query-gpu=index,memory.used,memory.total', FORMAT];
const OF_PROCESSES = ['--query-compute-apps=pid,used_memory', FORMAT];

/** Looks at GPUs by nvidia-smi, at most every ten seconds and only when somebody asks; what is old is given while a new look is taken. */
export function createGpuLook(env: Readonly<Record<string, string | undefined>>): LookAtGpus {
  let known: GpuLook | undefined;
  let seenMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  return async () => {
    if (performance.now() - seenMs > FRESH_MS) {
      looking ??= look(env).then((seen) => {
        [known, seenMs, looking] = [seen, performance.now(), undefined];
      });
    }
    if (known === undefined) await Promise.race([looking, sleep(PATIENCE_MS, undefined, { ref: false })]);
    return known ?? { kind: 'unknown', why: 'nvidia-smi has not answered yet' };
  };
}

async function look(env: Readonly<Record<string, string | undefined>>): Promise<GpuLook> {
  try {
    const [gpus, processes] = [await ask(OF_GPUS, env), await ask(OF_PROCESSES, env)];
    return {
      kind: 'seen',
      gpus: gpus.map(([index = '', used = '', total = '']) => ({
        index: numberOf(index),
        usedBytes: numberOf(used) * MIB,
        totalBytes: numberOf(total) * MIB,
      })),
      processes: processes.map(([pid = '', used = '']) => ({
        pid: numberOf(pid),
        // `[N/A]`, or `[Not Supported]`, in the place of a number.
        bytes: used.startsWith('[') ? undefined : numberOf(used) * MIB,
      })),
    };
  } catch (thrown) {
    if (isMissing(thrown)) return { kind: 'none' };
    return { kind: 'unknown', why: messageOf(thrown) };
  }
}

/** The rows of its answer. Rejects where it fails: then it writes why to its output, as if that were a row. */
async function ask(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly (readonly string[])[]> {
  const run = { command: 'nvidia-smi', args, env, timeoutMs: TIMEOUT_MS };
  const { code, stdout, stderr } = await runCommand(run);
  const text = Buffer.from(stdout).toString('utf8').trim();
  if (code === undefined) throw new Error(`nvidia-smi gave no answer within ${TIMEOUT_MS / 1_000} s`);
  if (code !== 0)
    throw new Error(`nvidia-smi exits with ${code}: ${`${text} ${stderr}`.trim().slice(0, 200)}`);
  return text === '' ? [] : text.split('\n').map((line) => line.split(',').map((cell) => cell.trim()));
}

function numberOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`nvidia-smi says ${text.slice(0, 100)} where a number is`);
}

/** The runner of commands says that there is no such program, and the system's own word is its cause. */
function isMissing(thrown: unknown): boolean {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}
