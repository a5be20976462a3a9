import type { ProcessVariables } from '../network/choose-proxy.ts';

/** Who a program runs for: the user's training, our own runtime, or a model that predicts and needs neither MLflow nor a network. */
type Audience = 'training' | 'runtime' | 'model';

/** What every program may need: where programs and libraries are, how to write numbers and times, and how to use the machine. */
const MACHINE =
  /^(PATH|LD_LIBRARY_PATH|LANG|LANGUAGE|TZ|TERM|LC_\w+|(CUDA|NVIDIA|NCCL|ROCR|ROCM|HIP|HSA|OMP|KMP|MKL|OPENBLAS|NUMEXPR|GOMP|TORCH|PYTORCH|TF|XLA|JAX)_\w+)$/;
/** The way to MLflow, its credentials, and those of the store that keeps its artifacts. */
const TRACKING =
  /^(MLFLOW|AWS|AZURE|GOOGLE|GCLOUD|BOTO)_\w+$|^(https?_proxy|no_proxy|all_proxy)$|^(SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|GIT_SSL_CAINFO|PIP_CERT)$/i;
/** Where MLflow's clients look for what they sign in with. */
const HOME = /^(HOME|USER)$/;
/** How package managers, hubs of models and schedulers find what they need; without caches of the user's, which a box can't write. */
const TOOLS = /^(PIP|UV|PYENV|CONDA|MAMBA|HF|TRANSFORMERS|WANDB|SLURM)_(?!CACHE|PUBLISH)\w+$/;
/** The same for what builds the environment of a model: it runs outside of any box, and may use the user's caches. */
const INSTALLERS = /^(PIP|UV)_(?!PUBLISH)\w+$/;

const LISTS: Readonly<Record<Audience, readonly RegExp[]>> = {
  model: [MACHINE],
  runtime: [MACHINE, TRACKING, HOME, INSTALLERS],
  training: [MACHINE, TRACKING, TOOLS],
};

/** What nobody's list may name: the runner's own, ours, the storage of a search, and what would put code into a program or change how it reads its words. */
const NEVER =
  /^(GITHUB|RUNNER|ACTIONS|INPUT|STATE|TRAINYARD|PYTHON|LD_PRELOAD|LD_AUDIT|BASH|ENV$|NODE_OPTIONS|OPTUNA_STORAGE$|GIT_(?!SSL_CAINFO))/i;

/** The variables of `env` that a program of that audience gets: those of a list, and those `named` beside it. */
export function listedVariables(
  env: ProcessVariables,
  audience: Audience,
  named: readonly string[] = [],
): Record<string, string> {
  const listed = (name: string) =>
    !NEVER.test(name) && (named.includes(name) || LISTS[audience].some((list) => list.test(name)));
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value !== undefined && listed(name) ? [[name, value] as const] : [],
    ),
  );
}

/** The names that the runner's operator adds to the list of trainings. */
export function operatorsVariables(env: ProcessVariables): readonly string[] {
  return (env['TRAINYARD_BOX_VARIABLES'] ?? '').split(/[\s,:]+/).filter((name) => name !== '');
}
