/** What a job on another machine may hold. */
type Room = { readonly gpus?: number; readonly cpus?: number; readonly memoryBytes?: number };

/** What runs the steps of a project in place of the runner (`project.remote`). */
export type Remote =
  | (Room & {
      readonly kind: 'slurm';
      readonly partition?: string;
      readonly account?: string;
      readonly qos?: string;
    })
  | (Room & {
      readonly kind: 'ray';
      /** Of the cluster's dashboard, which takes jobs. */
      readonly address: string;
    });

/** The programs of the runner by which each engine takes jobs and ends them. */
export const REMOTE_PROGRAMS: Readonly<Record<Remote['kind'], readonly string[]>> = {
  slurm: ['srun', 'scancel'],
  ray: ['ray'],
};
