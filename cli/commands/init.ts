import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { init } from '../init/init.ts';

/** `trainyard init`. */
export const initCommand: CliCommand = {
  name: 'init',
  summary:
    'Writes trainyard.yml and the workflows for an MLflow Project, makes keys and tokens, and names the settings to make.',
  options: {
    ...CONFIG_OPTION,
    model: { type: 'string', value: 'NAME', help: 'Name of the model; without it the folder’s.' },
    project: {
      type: 'string',
      value: 'FOLDER',
      help: 'Folder of the MLproject file; without it the only one.',
    },
    train: {
      type: 'string',
      value: 'NAME',
      help: 'Entry point that trains; without it train, main or the only one.',
    },
    adopt: {
      type: 'string',
      value: 'models:/NAME/VERSION',
      help: 'Model of the registry that is judged and serves first, as it is; trainings come after it.',
    },
    parameter: {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      help: 'Usual value of a parameter; without it the default of MLproject.',
    },
    holdout: {
      type: 'string',
      value: 'FILE',
      help: 'Examples that no training sees; without it the only table that is named so.',
    },
    target: {
      type: 'string',
      value: 'COLUMN',
      help: 'Column of the truth; without it one that is named so.',
    },
    id: { type: 'string', value: 'COLUMN', help: 'Column that names each example.' },
    time: { type: 'string', value: 'COLUMN', help: 'Column of the time of each example.' },
    group: {
      type: 'string',
      value: 'COLUMN',
      help: 'Column of what examples share: a user, a patient; for a ranking, of their query.',
    },
    task: {
      type: 'string',
      value: 'TASK',
      help: 'What models answer: binary, multiclass, regression, ranking or text; without it what the truth shows.',
    },
    measure: {
      type: 'string',
      value: 'NAME=FILE.py:FUNCTION',
      help: 'Function of yours that judges a free text: a number for each row, and more is better.',
    },
    experiment: {
      type: 'string',
      value: 'NAME',
      help: 'Experiment of MLflow whose newest run tells what to expect; without it the model’s name.',
    },
    limit: {
      type: 'string',
      value: 'NUMBER',
      help: 'Accuracy (of a ranking NDCG, of a text its measure) that a first model needs at least, or mean absolute error that it may have; without it by the newest run.',
    },
    input: { type: 'string', value: 'PATH', multiple: true, help: 'File or folder that the training reads.' },
    host: {
      type: 'string',
      value: 'URL',
      multiple: true,
      help: 'Agent of a serving host, such as https://serve-1:9443.',
    },
    branch: { type: 'string', value: 'NAME', help: 'The default branch, where origin does not say.' },
    'gpu-runner': {
      type: 'string',
      value: 'LABEL',
      multiple: true,
      help: 'Labels of the runner of the model’s code; without them self-hosted and gpu.',
    },
    'control-runner': {
      type: 'string',
      value: 'LABEL',
      multiple: true,
      help: 'Labels of the runner that decides and deploys; without them self-hosted and control.',
    },
    force: { type: 'boolean', help: 'Write over files that differ; secrets that are there stay.' },
    apply: {
      type: 'boolean',
      help: 'Make the settings that are absent with the GitHub CLI, which has to be logged in; a configuration that is there stays as it is.',
    },
  },
  run: init,
};
