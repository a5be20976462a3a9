import type { Attempt } from '../attempt.ts';

/** What the author of a pull request tries, once somebody who may has commented `/train`. */
export const PULL_REQUEST: readonly Attempt[] = [
  { id: 'P1', tries: 'names an easier holdout', end: 'stopped', by: 'gate-failed' },
  { id: 'P2', tries: 'logs a metric that a rule asks for', end: 'found', by: 'as the run says' },
  { id: 'P3', tries: 'lowers the floor of the gate', end: 'stopped', by: 'gate-failed' },
  { id: 'P4', tries: 'brings modules named as ours and Python’s', end: 'stopped', by: 'nothing imported' },
  { id: 'P5', tries: 'brings a `sitecustomize.py`', end: 'stopped', by: 'nothing imported' },
  { id: 'P6', tries: 'brings a `conftest.py` and plug-ins', end: 'stopped', by: 'nothing imported' },
  { id: 'P7', tries: 'answers with a pickle that runs', end: 'stopped', by: 'prediction-failed' },
  { id: 'P8', tries: 'packs a handler of its own', end: 'stopped', by: 'handler-unknown' },
  { id: 'P9', tries: 'reads its environment', end: 'stopped', by: 'no secret' },
  { id: 'P10', tries: 'reads other processes’ in `/proc`', end: 'stopped', by: 'no secret' },
  { id: 'P11', tries: 'leaves daemons behind', end: 'stopped', by: 'nothing runs' },
  { id: 'P12', tries: 'writes the output files of the job', end: 'stopped', by: 'out of sight' },
  { id: 'P13', tries: 'writes over the model that serves', end: 'stopped', by: 'model-altered' },
  { id: 'P14', tries: 'never ends, and ignores signals', end: 'stopped', by: 'timed-out' },
  { id: 'P15', tries: 'prints a line without end', end: 'stopped', by: 'cut' },
  { id: 'P16', tries: 'lays links to files of the runner', end: 'stopped', by: 'out of sight' },
  { id: 'P17', tries: 'has the holdout an LFS pointer', end: 'stopped', by: 'holdout-is-an-lfs-pointer' },
  { id: 'P18', tries: 'brings a submodule that runs a command', end: 'stopped', by: 'transport-refused' },
  { id: 'P19', tries: 'changes what git is told', end: 'stopped', by: 'Read-only file system' },
  { id: 'P20', tries: 'changes actions and tools that the runner keeps', end: 'stopped', by: 'out of sight' },
  {
    id: 'P21',
    tries: 'takes harm for chance, and goes to all at once',
    end: 'stopped',
    by: '0.01: 1 50 100',
  },
];
