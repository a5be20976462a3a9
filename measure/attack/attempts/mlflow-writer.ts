import type { Attempt } from '../attempt.ts';

/** What somebody tries who may write to MLflow, as every training may, while another's model is trained, judged and packed. */
export const MLFLOW_WRITER: readonly Attempt[] = [
  { id: 'M1', tries: 'puts a finished run of the training’s name', end: 'stopped', by: 'trained' },
  { id: 'M2', tries: 'puts predictions before they are made', end: 'stopped', by: 'predicted' },
  { id: 'M3', tries: 'writes over predictions', end: 'stopped', by: 'predictions-exchanged' },
  { id: 'M4', tries: 'writes over a trained model', end: 'stopped', by: 'model-altered' },
  { id: 'M5', tries: 'logs another model with the run', end: 'stopped', by: 'the trained model' },
  { id: 'M6', tries: 'writes over a judged model', end: 'stopped', by: 'model-altered' },
  { id: 'M7', tries: 'plants a built package, with its tags', end: 'stopped', by: 'package-built' },
  { id: 'M8', tries: 'writes over a file of a package', end: 'stopped', by: 'package-altered' },
  { id: 'M9', tries: 'registers a version for the run first', end: 'stopped', by: 'the trained model' },
  { id: 'M10', tries: 'writes over the predictions of the champion', end: 'stopped', by: 'predicted' },
];
