/**
 * The variables by which `torchrun` is told how many processes it starts on this machine: each of its options has one, `PET_` and its name
 * (torch.distributed.argparse_util). What the command says itself goes before them.
 */
export function torchrunVariables(processes: number): Readonly<Record<string, string>> {
  // On one machine the processes find each other at a port that is free.
  return { PET_NPROC_PER_NODE: String(processes), PET_STANDALONE: '1' };
}
