import { z } from 'zod';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';
import { foreignInstantSchema } from '../instant.ts';
import { SCHEMAS } from '../names.ts';
import { isIncreasing } from '../statistics/latency-buckets.ts';

const MAX_BINS = 4096;
const MAX_FEATURES = 4096;
const MAX_BLOCKS = 366;
/** Columns that one direction goes through (`runtime/trainyard/dependence.py`). */
const MAX_TOGETHER = 64;

/** What a feature's bins stand for. Projections and scalars (of images, texts, embeddings) are binned as numbers are. */
const FEATURE_KINDS = ['numeric', 'categorical', 'projection', 'scalar'] as const;
export type FeatureKind = (typeof FEATURE_KINDS)[number];

/** Bins after the named categories: rare ones of training, then ones that training never saw. */
const EXTRA_CATEGORIES = 2;
const OTHER_CATEGORIES = 'all others';

/** What a column is that is not counted: a new id or a new time is no drift, and some are left out on request. */
const LEFT_OUT_AS = ['id', 'time', 'left-out'] as const;

const count = z.int().nonnegative();
const counts = z.array(count).min(1).max(MAX_BINS);
const edges = z
  .array(z.number())
  .max(MAX_BINS - 1)
  .refine(isIncreasing, { error: 'edges must increase' });
const blocks = z.array(counts).max(MAX_BLOCKS);

const sliceSchema = z.object({
  column: z.string().max(512),
  value: z.string().max(512),
  of: z.enum(['answers', 'confidence']),
});

const togetherSchema = z
  .object({
    columns: z.array(z.string().max(512)).min(2).max(MAX_TOGETHER),
    scores: z.array(z.array(z.int()).max(MAX_BINS)).max(MAX_TOGETHER),
  })
  .refine(({ columns, scores }) => columns.length === scores.length, {
    error: 'scores must have one entry per column',
    path: ['scores'],
  });

/**
 * One feature's reference histogram.
 * Numbers: `edges` are the interior edges, bin i is `(edges[i-1], edges[i]]`, so `counts.length === edges.length + 1`.
 * Categories: `counts` follow `categories`, then `other` (those named in `rare`) and `unseen`. `missing` rows are in no bin.
 * `min`/`max` are the range of the reference; `blocks` are counts per day in the same bins; `projection` fixes the direction
 * that a projection's values were taken along.
 */
const profileFeatureSchema = z
  .object({
    name: z.string().min(1).max(512),
    kind: z.enum(FEATURE_KINDS),
    edges: edges.optional(),
    categories: z.array(z.string()).max(MAX_BINS).optional(),
    /** Categories training saw too seldom to name: a serving host counts them as `other`, all else as `unseen`. */
    rare: z.array(z.string()).max(MAX_BINS).optional(),
    /** A projection's direction: NumPy's `RandomState(seed).standard_normal(dimension)`, scaled to length one. */
    projection: z.object({ seed: count, dimension: z.int().positive() }).optional(),
    /** Of a direction through several columns: what each bin of each adds to a row's place along it, in thousandths. */
    together: togetherSchema.optional(),
    /** Of the answers, or the confidences, of rows that hold this value: counted in the bins of those of all rows. */
    slice: sliceSchema.optional(),
    /** The column of texts that this is a statistic of. */
    text: z.object({ column: z.string().max(512), statistic: z.string().min(1).max(64) }).optional(),
    counts,
    missing: count,
    /** Rows in each bin that were answered right; absent where that can't be told of an answer. */
    right: counts.optional(),
    /** Categories that one row alone holds. */
    once: count.optional(),
    min: z.number().optional(),
    max: z.number().optional(),
    blocks: blocks.optional(),
  })
  .superRefine((feature, context) => {
    for (const { path, message } of findFeatureProblems(feature)) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });

/** What labels stand for where the model calls it otherwise. */
const labels = z.record(z.string(), z.string()).optional();

/** How a late label is held against an answer: as a name, as a set of names with `|` between them, or as a number that it is near to. */
const truthSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('name'), labels }),
  z.object({ kind: z.literal('set'), labels }),
  z.object({ kind: z.literal('number'), within: z.number().nonnegative() }),
]);

/**
 * Rows of the reference by confidence: `total` per bin, and how many of them were right. A model that says nothing of its confidence has
 * one bin: it promises late labels something, and estimates nothing without.
 */
const confidenceBinsSchema = z
  .object({ edges, total: counts, correct: counts })
  .refine(({ edges, total }) => total.length === edges.length + 1, {
    error: 'total must have one entry more than edges',
    path: ['total'],
  })
  .refine(({ total, correct }) => total.length === correct.length, {
    error: 'correct must have as many entries as total',
    path: ['correct'],
  })
  .refine(({ total, correct }) => correct.every((right, bin) => right <= (total[bin] ?? 0)), {
    error: 'correct must not exceed total',
    path: ['correct'],
  });

const classPredictionSchema = z
  .object({
    kind: z.literal('classes'),
    classes: z.array(z.string()).min(1).max(MAX_BINS),
    counts,
    /** Whether there are answers beyond the classes: the last stands for all of them. */
    open: z.boolean().optional(),
    /** Which of the model's classes these are, where they are too many; the last stands for the others. */
    kept: z.array(count).optional(),
    confidence: confidenceBinsSchema.optional(),
    truth: truthSchema.optional(),
    blocks: blocks.optional(),
  })
  .refine(({ classes, counts }) => classes.length === counts.length, {
    error: 'counts must have one entry per class',
    path: ['counts'],
  });

const numericPredictionSchema = z
  .object({
    kind: z.literal('numeric'),
    edges,
    counts,
    confidence: confidenceBinsSchema.optional(),
    truth: truthSchema.optional(),
    blocks: blocks.optional(),
  })
  .refine(({ edges, counts }) => counts.length === edges.length + 1, {
    error: 'counts must have one entry more than edges',
    path: ['counts'],
  });

/** What the model put out on its reference rows. */
const profilePredictionSchema = z.discriminatedUnion('kind', [
  classPredictionSchema,
  numericPredictionSchema,
]);

/**
 * What the model saw and answered on held-out data when it was trained: the fixed bins that every serving host counts
 * into, so that counts of hosts and hours add exactly. Written by `runtime/profile.py`, shipped inside the package.
 */
export const referenceProfileSchema = z
  .object({
    schema: z.literal(SCHEMAS.profile),
    model: modelNameSchema,
    version: versionSchema,
    created: foreignInstantSchema,
    rows: count,
    features: z.array(profileFeatureSchema).max(MAX_FEATURES),
    /** Columns that are not counted, and whether trainyard.yml says so or their values did. */
    leftOut: z
      .array(z.object({ name: z.string().max(512), as: z.enum(LEFT_OUT_AS), declared: z.boolean() }))
      .max(MAX_FEATURES)
      .optional(),
    prediction: profilePredictionSchema,
  })
  .refine(({ features }) => new Set(features.map(({ name }) => name)).size === features.length, {
    error: 'feature names must be unique',
    path: ['features'],
  });

export type ProfileFeature = z.infer<typeof profileFeatureSchema>;
export type ProfilePrediction = z.infer<typeof profilePredictionSchema>;
export type ConfidenceBins = z.infer<typeof confidenceBinsSchema>;
export type ReferenceProfile = z.infer<typeof referenceProfileSchema>;

/** What each judged bin of a feature holds, in words: `≤ 3`, `3 … 7`, `> 7`, or the categories and all others. */
export function nameBins(feature: {
  readonly edges?: readonly number[] | undefined;
  readonly categories?: readonly string[] | undefined;
}): readonly string[] {
  if (feature.categories !== undefined) return [...feature.categories, OTHER_CATEGORIES];
  const edges = feature.edges ?? [];
  const first = edges[0];
  const last = edges.at(-1);
  if (first === undefined || last === undefined) return ['all'];
  const inner = edges
    .slice(1)
    .map((edge, index) => `${formatEdge(edges[index] ?? first)} … ${formatEdge(edge)}`);
  return [`≤ ${formatEdge(first)}`, ...inner, `> ${formatEdge(last)}`];
}

function formatEdge(edge: number): string {
  return String(Number(edge.toPrecision(4)));
}

type ShapeProblem = { readonly path: string; readonly message: string };

function findFeatureProblems(feature: {
  readonly kind: FeatureKind;
  readonly edges?: readonly number[] | undefined;
  readonly categories?: readonly string[] | undefined;
  readonly counts: readonly number[];
  readonly right?: readonly number[] | undefined;
  readonly blocks?: readonly (readonly number[])[] | undefined;
}): readonly ShapeProblem[] {
  const bins =
    feature.kind === 'categorical'
      ? feature.categories && feature.categories.length + EXTRA_CATEGORIES
      : feature.edges && feature.edges.length + 1;
  if (bins === undefined) {
    const needed = feature.kind === 'categorical' ? 'categories' : 'edges';
    return [{ path: needed, message: `a ${feature.kind} feature needs ${needed}` }];
  }
  const problems: ShapeProblem[] = [];
  if (feature.counts.length !== bins) {
    problems.push({ path: 'counts', message: `expected ${bins} counts, found ${feature.counts.length}` });
  }
  if (feature.right?.some((right, bin) => right > (feature.counts[bin] ?? 0))) {
    problems.push({ path: 'right', message: 'right must not exceed counts' });
  }
  if (feature.blocks?.some((block) => block.length !== bins)) {
    problems.push({ path: 'blocks', message: `each block must have ${bins} counts` });
  }
  return problems;
}
