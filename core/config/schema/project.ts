import { z } from 'zod';
import { address, duration, parameterName, scalar, size, text, whole } from './fields.ts';

/** Environment managers MLflow Projects know. */
export const PROJECT_ENVIRONMENTS = ['local', 'virtualenv', 'uv', 'conda', 'docker'] as const;

/** What a program of a scheduler takes as a name: nothing that it could take for an option. */
function word(description: string, example: string) {
  return z
    .string()
    .regex(/^\w[\w.,:@/-]*$/, { error: `must be a name, such as \`${example}\`` })
    .meta({ description, examples: [example] });
}

const ROOM = {
  gpus: whole('GPUs of the job of each step.', { min: 1, max: 1_024 }).optional(),
  cpus: whole('Processors of the job of each step.', { min: 1, max: 4_096 }).optional(),
  memory: size('Memory of the job of each step.', '64GB').optional(),
};

const remoteSchema = z.strictObject({
  slurm: z
    .strictObject({
      partition: word('Partition of Slurm.', 'gpu').optional(),
      account: word('Account of Slurm.', 'vision').optional(),
      qos: word('Quality of service of Slurm.', 'normal').optional(),
      ...ROOM,
    })
    .optional()
    .meta({ description: 'Each step is a job of Slurm, by `srun` on the gpu-runner.' }),
  ray: z
    .strictObject({
      address: address('Address of the dashboard of the cluster.', 'http://ray-head:8265'),
      ...ROOM,
    })
    .optional()
    .meta({ description: 'Each step is a job of a Ray cluster, by `ray job submit` on the gpu-runner.' }),
});

/** The section `project`. */
export const projectSchema = z.strictObject({
  uri: text('Folder with the MLproject file, or a git address of one.', '.').default('.'),
  version: text(
    'Branch, tag or commit of a project that is a git address; without it its default branch. What it names is found out once per training, and recorded.',
    'v1.2',
  ).optional(),
  environment: z
    .enum(PROJECT_ENVIRONMENTS)
    .default('local')
    .meta({ description: "MLflow's environment manager for the steps.", examples: ['uv'] }),
  steps: z
    .strictObject({
      etl: text('Entry point that prepares the data. Without it there is no such step.', 'etl').optional(),
      train: text('Entry point that trains and logs the model.', 'train').default('main'),
    })
    .prefault({})
    .meta({ description: 'Entry points of the MLproject file.' }),
  parameters: z
    .record(parameterName, scalar)
    .default({})
    .meta({
      description:
        'Parameters of the training step and their values. Only these can be set in a comment or a dispatch, to values of the same type.',
      examples: ['{ epochs: 3, lr: 0.001 }'],
    }),
  processes: z
    .union([z.literal('auto'), z.int().min(1).max(1_024)], {
      error: 'must be `auto` or a whole number from 1 to 1024',
    })
    .optional()
    .meta({
      description:
        'How many processes `torchrun` starts for the training, as its own variables tell it: `auto` is one for each GPU that the training sees, or one. The entry point has to start with `torchrun`.',
      examples: ['auto'],
    }),
  remote: remoteSchema.optional().meta({
    description:
      'What runs the steps in place of the gpu-runner, which follows them: `slurm` or `ray`. The default branch has to say so too, and the workspace has to be at the same path on all machines.',
    examples: ['{ slurm: { partition: gpu, gpus: 4 } }'],
  }),
  timeout: duration('After this a training is stopped.', '6h').prefault('6h'),
});
