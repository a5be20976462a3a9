import { runCommand } from '../run-command.ts';

const LIST_MS = 30_000;

/** How many GPUs a training sees: those that CUDA_VISIBLE_DEVICES names, else all that the driver lists; 0 where there is no driver. */
export async function countGpus(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const said = env['CUDA_VISIBLE_DEVICES'];
  if (said !== undefined) {
    return said.split(',').filter((one) => one.trim() !== '' && one.trim() !== '-1').length;
  }
  try {
    const list = { command: 'nvidia-smi', args: ['-L'], cwd: '/', env, timeoutMs: LIST_MS };
    const { stdout } = await runCommand(list);
    return (
      Buffer.from(stdout)
        .toString('utf8')
        .match(/^GPU \d/gm)?.length ?? 0
    );
  } catch {
    // Without the driver's program there is no driver.
    return 0;
  }
}
