import { z } from 'zod';
import { digestSchema } from '../../identity/digest.ts';
import { modelNameSchema } from '../../identity/model-name.ts';
import { DEFAULT_CONFIG_FILE, NOTICE_FORMS } from '../../names.ts';
import { PERMISSION_LEVELS } from '../../permission.ts';
import { LARGEST_BATCH, SEARCH_SECONDS } from '../../serving/batching/search-bounds.ts';
import { checkAnswers } from '../check-answers.ts';
import { checkDrift, checkServingInput } from '../check-sections.ts';
import { reportCrossProblems } from '../cross-problem.ts';
import { rawAnswersSchema } from './answers.ts';
import { environmentSchema } from './environment.ts';
import { explainSchema } from './explain.ts';
import { address, duration, names, parameterName, rate, size, text, whole } from './fields.ts';
import { gateRulesSchema } from './gate-rules.ts';
import { projectSchema } from './project.ts';
import { searchSchema } from './search.ts';
import { rawServingInputSchema } from './serving-input.ts';
import { whenRight } from './when-right.ts';

const FUNCTION = /^[^:=]+\.py:[A-Za-z_]\w*$/;
const ENVIRONMENT_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;

/** What a column may be said to be. */
const COLUMN_ROLES = ['text', 'category', 'id', 'time'] as const;
export type ColumnRole = (typeof COLUMN_ROLES)[number];

const trackingSchema = z.strictObject({
  uri: address(
    'Address of the MLflow tracking server. Without it the variable MLFLOW_TRACKING_URI is used.',
    'https://mlflow.example.com',
  ).optional(),
  experiment: text('MLflow experiment of all runs. Without it the model name is used.', 'mnist').optional(),
});

const dataSchema = z.strictObject({
  fetch: text(
    'Command line that brings data which git does not hold. The jobs train, predict, judge and build run it first, in the root of the checkout, by `bash -euo pipefail -c`, for two hours at most: train that of its commit, in the box; the others that of the default branch. Variables in it are read by the shell.',
    'dvc pull data/holdout.parquet.dvc',
  ).optional(),
  inputs: z
    .array(z.string().min(1))
    .default([])
    .meta({
      description: 'Files and folders the training reads; hashed into the provenance of the model.',
      examples: ['[data/train]'],
    }),
  holdout: z
    .strictObject({
      path: text('Examples that no training sees (.parquet, .csv, .npz, .jsonl).', 'data/holdout.parquet'),
      digest: digestSchema.optional().meta({
        description:
          'SHA-256 that the file must have. A file outside the repository is judged on after it has changed only where this says so.',
        examples: ['sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
      }),
      target: text('Column of the truth.', 'label').default('label'),
      id: text('Column that names each example. Without it the row number does.', 'id').optional(),
      group: text(
        'Column of what examples share (a user, a patient); its rows are drawn together.',
        'user',
      ).optional(),
      time: text(
        'Column of the time of each example (ISO 8601, or a number since 1970). With two weeks or more, rows of one day are drawn together where `group` names nothing, and drift is judged beyond what usual days differ by; without it, the first days of serving teach that.',
        'day',
      ).optional(),
      slices: names('Columns whose values the gate may look at one by one.', 'region').prefault([]),
      inputs: names(
        'All columns that a model may be given. Without it they are what its signature names, but for target, id, group and time; the target is given to none.',
        'income',
      ).optional(),
      metrics: z
        .record(
          parameterName,
          z.string().regex(FUNCTION, { error: 'must be a file and a function, such as `metrics.py:profit`' }),
        )
        .default({})
        .meta({
          description:
            'Metrics of your own for the gate: functions that take the predictions as a table and give one number per row. The metric is their mean; higher is better.',
          examples: ['{ profit: metrics.py:profit }'],
        }),
    })
    .optional()
    .meta({ description: 'The holdout on which challenger and champion are compared.' }),
});

const servingSchema = z.strictObject({
  framework: z.literal('torchserve').default('torchserve').meta({ description: 'The model server.' }),
  format: z.enum(['auto', 'torchscript', 'pt2', 'pyfunc']).default('auto').meta({
    description: 'How the model is packed; `auto` takes the fastest that gives the same predictions.',
  }),
  workers: whole('Worker processes per host.', { min: 1, max: 256 }).default(1),
  input: rawServingInputSchema
    .superRefine(
      (input, context) => reportCrossProblems(context, checkServingInput(input)),
      whenRight(rawServingInputSchema.keyof().options),
    )
    .optional()
    .meta({
      description:
        'How pictures that clients send become what the model takes. It is packed with each version, and holdouts of pictures are read by it. Without it pictures are refused.',
    }),
  'batch-size': z
    .union([z.int().min(1).max(4096), z.literal('auto')], {
      error: 'must be a whole number from 1 to 4096, or `auto`',
    })
    .default(1)
    .meta({
      description: `Requests a worker takes at once. With \`auto\` the build measures batches of 1, 2, 4, … up to ${LARGEST_BATCH}, for ${SEARCH_SECONDS} seconds at most, and takes the smallest that answers 95% of the most requests per second within the gate's rules on latency, \`max-batch-delay\` included; without such a rule a larger one only where it answers at least 10% more.`,
      examples: ['auto'],
    }),
  'max-batch-delay': duration('The longest wait for a batch to fill.', '50ms').prefault('50ms'),
  gpu: z.enum(['none', 'all']).default('none').meta({ description: "The host's GPUs the model may use." }),
  'response-timeout': duration('After this a prediction has failed.', '2m').prefault('2m'),
  repository: text(
    'Repository that takes the container image of each version; with it, hosts run containers.',
    'registry.example.com/team/mnist',
  ).optional(),
  image: text(
    'Base image of the container: needs Python. By default the slim image of the Python that builds.',
    'python:3.11-slim-bookworm',
  ).optional(),
  requirements: text(
    'Requirements or lock file of the container, in the repository. By default what TorchServe and MLflow need.',
    'requirements-serving.txt',
  ).optional(),
});

const monitorSchema = z.strictObject({
  drift: z
    .strictObject({
      tolerance: z.number().positive().max(1).default(0.02).meta({
        description: 'Population stability index up to which a feature counts as unchanged.',
      }),
      warn: z.number().positive().default(0.1).meta({ description: 'Index from which drift is a warning.' }),
      act: z
        .number()
        .positive()
        .default(0.25)
        .meta({ description: 'Index from which drift asks for action.' }),
      cycle: duration('Length of a cycle; a day hides its hours.', '1d').prefault('1d'),
      'false-alarm-every': duration('Mean time between false alarms of the whole model.', '365d').prefault(
        '365d',
      ),
      'leave-out': names(
        'Columns, or features as the report names them, that drift and the fast checks do not look at: counters, random numbers.',
        'ordered_at',
      ).prefault([]),
      as: z
        .record(z.string().min(1), z.enum(COLUMN_ROLES))
        .prefault({})
        .meta({
          description:
            'What columns are: a `text` is watched by its length and its characters and stored nowhere, an `id` or a `time` is left out, a `category` is counted by value. Without it texts, ids and times are recognised by type and by whether values come again.',
          examples: [{ review: 'text' }],
        }),
    })
    .superRefine(
      (drift, context) => reportCrossProblems(context, checkDrift(drift)),
      whenRight(['tolerance', 'warn', 'act']),
    )
    .prefault({})
    .meta({ description: 'When inputs or predictions count as drifted.' }),
  staleness: duration('A champion older than this asks for a new training.', '30d').optional(),
  heartbeat: duration('A host silent for so long is lost.', '15m').prefault('15m'),
  every: duration('How often the monitor workflow is meant to run; missed runs are reported.', '1h').prefault(
    '1h',
  ),
  notify: z.enum(NOTICE_FORMS).default('json').meta({
    description:
      "What the address in the secret `webhook` understands: `slack`, `teams`, `pagerduty`, or Trainyard's own `json`. Without that secret nobody is told.",
  }),
  retrain: z
    .strictObject({
      automatic: z
        .boolean()
        .default(true)
        .meta({ description: 'Whether the monitor may start a training by itself.' }),
      cooldown: duration('The shortest time between two automatic trainings.', '24h').prefault('24h'),
      'at-most': rate('The most automatic trainings in any such time.', '3/7d').prefault('3/7d'),
    })
    .prefault({})
    .meta({ description: 'The budget of automatic trainings.' }),
  labels: z
    .strictObject({
      maturity: duration(
        'Age at which a prediction should have its label; with `0s` labels count at once, those of today as well.',
        '7d',
      ).prefault('7d'),
    })
    .prefault({})
    .meta({ description: 'Labels that arrive after the prediction.' }),
});

const LOGIN = /^[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\[bot\])?$/;

const commandsSchema = z.strictObject({
  allow: z
    .array(z.enum(PERMISSION_LEVELS).exclude(['none']))
    .min(1)
    .default(['write', 'maintain', 'admin'])
    .meta({
      description: 'Repository roles whose commands are obeyed. A push is no command.',
      examples: ['[maintain, admin]'],
    }),
  users: z
    .array(
      z.string().regex(LOGIN, {
        error: 'must be the name of a user, or of an app with `[bot]` behind it',
      }),
    )
    .default([])
    .meta({
      description: 'People and apps who are obeyed whatever their role, by their names on GitHub.',
      examples: ['["release-bot[bot]"]'],
    }),
  forks: z.boolean().default(false).meta({
    description:
      'Whether what trains or raises traffic may be commanded on pull requests from forks: their code then runs on your runners. What makes safe always may.',
  }),
});

const boxSchema = z.strictObject({
  require: z.boolean().default(false).meta({
    description:
      'Whether user code may run only on runners that can box it in namespaces; on others it runs with a warning otherwise. Nothing passes the gate whose code ran in less, as its jobs say.',
  }),
  timeout: duration(
    'The longest that a step of a training or of the work on its model may take, whatever `project.timeout` says.',
    '24h',
  ).prefault('24h'),
  memory: size(
    'What all processes of a step may hold together. Without it nothing bounds them.',
    '64GB',
  ).optional(),
});

const modelsSchema = z.strictObject({
  environment: z.enum(['own', 'runner']).default('own').meta({
    description:
      'What a model predicts in when it is judged: `own` is the environment it was logged with, built from its requirements where the runner has other versions; `runner` is the Python of the runner, whatever it has.',
  }),
  champion: z.enum(['predict', 'stored']).default('predict').meta({
    description:
      'Whether the champion is asked about the holdout, or judged by its predictions on the same holdout that the ledger names (`stored`): for one whose environment can no longer be built.',
  }),
  explain: explainSchema.optional().meta({
    description:
      'What the answers of both models hang on is measured too, and shown with the verdict, of which it is no part. Without it nothing is: it costs predictions.',
  }),
});

/** `trainyard.yml` as it is written; parsing gives times in seconds, sizes in bytes and shares from 0 to 1. */
export const configSchema = z
  .strictObject({
    version: z.literal(1).meta({ description: 'Version of this format.' }),
    model: modelNameSchema.meta({ description: 'Name of the registered model.', examples: ['mnist'] }),
    tracking: trackingSchema.prefault({}).meta({ description: 'The MLflow server.' }),
    project: projectSchema.prefault({}).meta({ description: 'The MLflow Project that trains the model.' }),
    data: dataSchema.prefault({}).meta({ description: 'What the model is trained and judged on.' }),
    answers: rawAnswersSchema
      .superRefine(
        (answers, context) => reportCrossProblems(context, checkAnswers(answers)),
        whenRight(rawAnswersSchema.keyof().options),
      )
      .optional()
      .meta({
        description:
          'What the model answers. What is not said is concluded only where it can not be misread, told in the report, and fixed with the first model that passes.',
      }),
    search: searchSchema.optional().meta({ description: 'The hyper-parameter search that `/tune` runs.' }),
    gate: z
      .array(gateRulesSchema)
      .min(1)
      .meta({ description: 'What a challenger must show before it may serve. All rules must pass.' }),
    box: boxSchema.prefault({}).meta({ description: 'What user code runs in on your runners.' }),
    models: modelsSchema.prefault({}).meta({ description: 'How models are asked when they are judged.' }),
    serving: servingSchema.prefault({}).meta({ description: 'How the model is served.' }),
    environments: z
      .record(
        z.string().regex(ENVIRONMENT_NAME, {
          error: 'must be lower-case letters, digits, `.`, `_` or `-`, beginning with a letter or digit',
        }),
        environmentSchema,
      )
      .default({})
      .meta({ description: 'Where the model serves, from the first tried to the last.' }),
    monitor: monitorSchema.prefault({}).meta({ description: 'When a serving model needs attention.' }),
    commands: commandsSchema.prefault({}).meta({ description: 'Who may command, by comment or by hand.' }),
  })
  .meta({ title: DEFAULT_CONFIG_FILE });

/** What the schema gives for a valid file; of the gate, the rules of each entry. */
export type RawConfig = z.output<typeof configSchema>;
