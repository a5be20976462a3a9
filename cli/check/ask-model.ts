import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readExamples } from '../../adapters/holdout/read-examples.ts';
import { readHoldout } from '../../adapters/holdout/read-holdout.ts';
import { createPythonRuntime } from '../../adapters/python-runtime.ts';
import { readAnswers } from '../../adapters/read-answers.ts';
import { checkAnswers } from '../../core/check/check-answers.ts';
import { type Checked, errorsOf, fine } from '../../core/check/checked.ts';
import type { Config } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { listExamples } from '../../core/gate/rules/rule.ts';
import { connectMlflow } from '../connect-mlflow.ts';

const SUBJECT = 'model';
/** What stands for the model of the newest run of the experiment that has one. */
const LAST = 'last';

type Asking = {
  readonly folder: string;
  /** This package's folder. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Address of a model, or `last`. */
  readonly model: string;
  /** The Python of the model's environment. */
  readonly python: string;
  readonly onLine: (line: string) => void;
};

/** Has a model predict the holdout as the gate will: by the same runtime, in the same box. */
export async function askModel(asking: Asking, config: Config): Promise<readonly Checked[]> {
  const { holdout } = config.data;
  if (holdout === undefined) return [];
  const temp = await mkdtemp(path.join(tmpdir(), 'trainyard-check-'));
  try {
    const modelUri = asking.model === LAST ? await findLast(asking, config) : asking.model;
    const runtime = createPythonRuntime({
      ...{ python: asking.python, runtime: path.join(asking.root, 'runtime'), workspace: asking.folder },
      ...{
        env: asking.env,
        policy: config.box,
        environment: config.models.environment,
        trackingUri: config.tracking.uri,
      },
      // What it says of its box, and a stack of the model's own.
      onLine: asking.onLine,
    });
    const predictions = path.join(temp, 'predictions.parquet');
    const { serving } = config;
    const answers = { contract: config.answers, isSettled: false };
    const examples = listExamples(config.gate);
    for (const file of examples) await readExamples(asking.folder, file);
    const [answer] = await runtime.evaluate({
      ...{ targets: [{ modelUri, predictions }], holdout, answers, examples, input: serving.input },
    });
    if (answer === undefined) throw new Error(`Nothing was said of ${modelUri}.`);
    const told = Object.entries(answer.metrics).map(
      ([name, value]) => `${name} ${Number(value.toPrecision(4))}`,
    );
    const stored = await readAnswers(predictions, answer.rows);
    const held = await readHoldout(asking.folder, holdout);
    return [
      fine(SUBJECT, `${modelUri} answered ${answer.rows} examples as ${answer.task}: ${told.join(', ')}`),
      ...checkAnswers(SUBJECT, { answers: stored.answers, held }, config.gate),
    ];
  } catch (thrown) {
    return errorsOf(SUBJECT, thrown);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function findLast({ env }: Asking, { tracking }: Config): Promise<string> {
  const runs = await connectMlflow(tracking.uri, env).findRuns(tracking.experiment, {});
  const found = runs.find(
    ({ modelUri, status }) => modelUri !== undefined && status === 'FINISHED',
  )?.modelUri;
  if (found !== undefined) return found;
  throw new UserError([
    {
      code: 'no-model',
      message: `No run of the experiment ${tracking.experiment} has ended well and logged a model.`,
      remedy: 'Train once with `mlflow run`, or name a model: --model runs:/… or models:/….',
    },
  ]);
}
