import { type DescribedMetric, describeMetrics } from './metrics.ts';

/** What each metric of the holdout is, for people who choose one. Pinned to the metrics themselves by `test/core/gate/definitions.test.ts`. */
const DEFINITIONS: Readonly<Record<string, string>> = {
  accuracy: 'Share of examples that are answered right.',
  f1: 'Harmonic mean of precision and recall, 2·TP / (2·TP + FP + FN): of the positive class of two, else the mean over the classes that occur.',
  'f1-weighted': 'The same for each class, averaged by how many examples have it.',
  precision:
    'Of the examples that are answered with a class, the share that is of it, TP / (TP + FP): of the positive class of two, else the mean over the classes that occur. 0 where nothing is answered with it.',
  'precision-weighted': 'The same for each class, averaged by how many examples have it.',
  recall:
    'Of the examples of a class, the share that is answered with it, TP / (TP + FN): of the positive class of two, else the mean over the classes that occur.',
  'recall-weighted': 'The same for each class, averaged by how many examples have it; that is the accuracy.',
  'balanced-accuracy': 'Mean of the recalls of all classes, each counted the same however rare it is.',
  mcc: 'Matthews correlation of truth and answers, −1 to 1; 0 is no better than chance, whatever the shares of the classes.',
  'log-loss':
    'Mean of −ln(p), where p is the probability that was given to the true class; at least 2.2·10⁻¹⁶, so that one certain mistake is not infinite.',
  brier:
    'Mean squared distance of the probabilities from the truth: (p − y)² of the positive class of two, else summed over all classes (0 to 2).',
  'roc-auc':
    'Probability that an example of a class gets a higher score for it than one of another class; with more than two, the mean over the classes, each against the rest.',
  'roc-auc-weighted': 'The same for each class, averaged by how many examples have it.',
  'average-precision':
    'Area under the curve of precision over recall, in steps (Σ precision · rise of recall); with more than two classes, the mean over them.',
  'top-3-accuracy': 'Share of examples whose true class is among the three with the highest scores.',
  'top-5-accuracy': 'Share of examples whose true class is among the five with the highest scores.',
  ece: 'Expected calibration error: how far confidence and accuracy lie apart, over ten bins of equal width, weighted by their examples (Guo et al., 2017).',
  'subset-accuracy': 'Share of examples whose classes are all answered, and no other.',
  'hamming-loss':
    'Share of wrong marks: over examples and classes, how often a class is answered that is not there, or the other way round.',
  jaccard:
    'Classes that are true and answered, among those that are either, as the mean over examples; 1 where there is none of both.',
  'label-ranking-average-precision':
    'For each true class, how many of the classes that score at least as high are true too: the mean over the classes of an example, and over examples.',
  'f1-micro': 'F1 of all marks together, whatever class they are of.',
  'precision-micro': 'Of all classes that are answered, the share that is true.',
  'recall-micro': 'Of all classes that are true, the share that is answered.',
  'mean-pinball': 'Mean of the pinball losses of all quantiles that are predicted.',
  coverage: 'Share of examples whose truth lies between the lowest and the highest predicted quantile.',
  'coverage-error': 'How far that share is from what the quantiles promise: 0.05 and 0.95 promise 90 %.',
  'quantile-crossing':
    'Share of examples for which a higher quantile is predicted below a lower one by more than rounding.',
  ndcg: 'Normalised discounted cumulative gain: relevance divided by log₂(1 + place), summed over the rows of a query, as a share of the best order’s; the mean over queries. `ndcg@10` counts the first ten.',
  map: 'Mean average precision: over the relevant rows of a query, the share of relevant ones down to each; the mean over queries. `map@10` counts the first ten.',
  mrr: 'Mean reciprocal rank: 1 divided by the place of the first relevant row of a query; the mean over queries. `mrr@10` counts the first ten.',
  mae: 'Mean of |prediction − truth|, in the unit of the truth.',
  mse: 'Mean of (prediction − truth)².',
  mape: 'Mean of |prediction − truth| / |truth|, as a share; not defined where a truth is 0.',
  rmse: 'Square root of the mean of (prediction − truth)².',
  r2: '1 − Σ(prediction − truth)² / Σ(truth − mean of the truth)²: the share of the spread that is explained.',
  'expected-cost':
    'Mean cost of the answers by `costs` of the rule; a right answer costs nothing unless it is named.',
  pinball:
    'Loss of a predicted quantile q (`quantile` of the rule): q·d where the truth lies d above the prediction, (1 − q)·d where it lies d below.',
};

/** A metric with what it is; `definition` is absent where nobody has written it. */
type DefinedMetric = DescribedMetric & { readonly definition: string | undefined };

/** All metrics of the holdout in the order in which they are listed. */
export function defineMetrics(): readonly DefinedMetric[] {
  return describeMetrics().map((metric) => ({ ...metric, definition: DEFINITIONS[metric.name] }));
}
