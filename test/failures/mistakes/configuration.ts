import { byCheck, withConfig } from '../support/by-command.ts';
import type { Mistake } from '../support/mistake.ts';

/** What is written into trainyard.yml. */
export const CONFIGURATION: readonly Mistake[] = [
  {
    does: 'There is no trainyard.yml',
    place: 'check',
    code: 'missing-config',
    names: /init/,
    play: () => byCheck({ 'trainyard.yml': undefined }),
  },
  {
    does: 'A value in braces begins with a variable, without quotes',
    place: 'check',
    code: 'yaml-syntax',
    names: /quote/i,
    play: withConfig('path: ml/data/unseen.csv', `path: \${FLATS}/unseen.csv`),
  },
  {
    does: 'A tab stands where blanks should',
    place: 'check',
    code: 'yaml-syntax',
    names: /tab|blanks/i,
    play: withConfig('  inputs:', '\tinputs:'),
  },
  {
    does: 'A key is misspelt',
    place: 'check',
    code: 'unknown-key',
    names: /`margin`/,
    play: withConfig('margin: 2%', 'margn: 2%'),
  },
  {
    does: 'A value is of the wrong type',
    place: 'check',
    code: 'invalid-value',
    names: /margin/,
    play: withConfig('margin: 2%', 'margin: small'),
  },
  {
    does: 'A required key is not there',
    place: 'check',
    code: 'missing-key',
    names: /model/,
    play: withConfig('model: flats\n', ''),
  },
  {
    does: 'The name of a model has blanks',
    place: 'check',
    code: 'invalid-value',
    names: /letters|lower/,
    play: withConfig('model: flats', 'model: my flats'),
  },
  {
    does: 'A metric is called by a name that is none here',
    place: 'check',
    code: 'unknown-metric',
    names: /data\.holdout\.metrics.*accuracy/,
    play: withConfig('metric: mae', 'metric: f1-macro'),
  },
  {
    does: 'A variable that the file names has no value',
    place: 'check',
    code: 'missing-variable',
    names: /FLATS.*(?:env|TRAINYARD_ENV)/,
    play: withConfig('uri: "https://mlflow.example.com"', `uri: "\${FLATS}"`),
  },
  {
    does: 'A host is written without https://',
    place: 'check',
    code: 'invalid-value',
    names: /https:\/\//,
    play: withConfig('https://serve-1:9443', 'serve-1:9443'),
  },
  {
    does: 'Stages of a rollout do not rise to 100',
    place: 'check',
    code: 'stages-order',
    names: /\[10, 50, 100\]/,
    play: withConfig(
      'hosts: ["https://serve-1:9443"]',
      'hosts: ["https://serve-1:9443"], rollout: { stages: [50, 10] }',
    ),
  },
];
