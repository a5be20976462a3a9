import { train } from '../../../actions/train/train.ts';
import type { StepEnd } from '../../../core/project-port.ts';
import { createTraining, DONE } from '../../actions/support/training.ts';
import { answersOf, type Mistake } from '../support/mistake.ts';

function failing(end: Partial<StepEnd>) {
  return () => {
    const { request, ports } = createTraining(() => ({ ...DONE, status: 'failed', code: 1, ...end }));
    return answersOf(train(request, ports));
  };
}

const OF_MLFLOW = "ERROR mlflow.cli: === Run (ID '1') failed ===";

/** What goes wrong in a training. */
export const TRAINING: readonly Mistake[] = [
  {
    does: 'The script raises an exception',
    place: 'job',
    code: 'training-failed',
    names: /train\.py:7: .*loss diverged/,
    play: failing({
      lines: [
        'Traceback (most recent call last):',
        '  File "/home/ada/train.py", line 7, in <module>',
        'ValueError: loss diverged at epoch 7',
        OF_MLFLOW,
      ],
    }),
  },
  {
    does: 'The script does not know an argument of its command',
    place: 'job',
    code: 'training-failed',
    names: /invalid int value/,
    play: failing({ lines: ["fit.py: error: argument --hidden: invalid int value: '1.5'", OF_MLFLOW] }),
  },
  {
    does: 'A package is not installed in the Python of the runner',
    place: 'job',
    code: 'training-failed',
    names: /No module named.*(?:pip install|environment)/,
    play: failing({
      lines: [
        'Traceback (most recent call last):',
        '  File "/home/ada/train.py", line 1, in <module>',
        "ModuleNotFoundError: No module named 'lightgbm'",
        OF_MLFLOW,
      ],
    }),
  },
  {
    does: 'The kernel ends the script for want of memory',
    place: 'job',
    code: 'training-killed',
    names: /memory/,
    play: failing({
      lines: ['epoch 3: loss 0.21', '/bin/bash: line 1: 4711 Killed python train.py', OF_MLFLOW],
    }),
  },
  {
    does: 'The GPU is out of memory',
    place: 'job',
    code: 'training-failed',
    names: /batch/,
    play: failing({
      lines: [
        'Traceback (most recent call last):',
        '  File "/home/ada/train.py", line 9, in <module>',
        'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB.',
        OF_MLFLOW,
      ],
    }),
  },
  {
    does: 'The script logs no model',
    place: 'job',
    code: 'no-model-logged',
    names: /log_model/,
    play: () => {
      const { request, ports } = createTraining(() => DONE);
      return answersOf(train(request, ports));
    },
  },
  {
    does: 'The model is logged without a signature',
    place: 'job',
    code: 'no-signature',
    names: /input_example/,
    play: () => {
      const { request, ports, tracking } = createTraining();
      tracking.hasSignature = false;
      return answersOf(train(request, ports));
    },
  },
  {
    does: 'The training takes longer than it may',
    place: 'job',
    code: 'training-timed-out',
    names: /project\.timeout/,
    play: failing({ status: 'timed-out', code: undefined }),
  },
];
