import { fileWith } from '../../cli/support/stranger.ts';
import { byCheck, withConfig } from '../support/by-command.ts';
import type { Mistake } from '../support/mistake.ts';

/** What does not fit the MLflow Project. */
export const PROJECT: readonly Mistake[] = [
  {
    does: 'There is no MLproject file in the folder that is named',
    place: 'check',
    code: 'missing-mlproject',
    names: /MLproject.*project\.uri/,
    play: withConfig('uri: ml,', 'uri: model,'),
  },
  {
    does: 'MLproject is no YAML',
    place: 'check',
    code: 'yaml-syntax',
    names: /ml\/MLproject:\d/,
    play: () => byCheck(fileWith('ml/MLproject', 'rate: float', 'rate: [float')),
  },
  {
    does: 'The entry point has another name',
    place: 'check',
    code: 'unknown-entry-point',
    names: /`fit`/,
    play: withConfig('train: fit', 'train: fitt'),
  },
  {
    does: 'A parameter has another name in MLproject',
    place: 'check',
    code: 'unknown-project-parameter',
    names: /trees/,
    play: withConfig('trees: 300', 'tree: 300'),
  },
  {
    does: 'A parameter without a default gets no value',
    place: 'check',
    code: 'missing-project-parameter',
    names: /project\.parameters|rate/,
    play: withConfig(', rate: 0.05', ''),
  },
  {
    does: 'A parameter gets a fraction where MLproject says int',
    place: 'check',
    code: 'bad-parameter',
    names: /int|whole/,
    play: withConfig('trees: 300', 'trees: 1.5'),
  },
];
