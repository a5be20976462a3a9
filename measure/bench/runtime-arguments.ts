/** Single requests timed of a package, as a gate without a rule on latency asks them. */
export const CALLS = 200;

/** A file of examples, and what its columns mean. */
type Examples = {
  readonly file: string;
  readonly target: string;
  readonly id: string;
  /** Columns whose values are compared apart. */
  readonly slices?: readonly string[];
};

/** A logged model, and the file that the answer about it is written to. */
type Asked = { readonly modelUri: string; readonly out: string };

/** Arguments of `trainyard.evaluate`, which predicts the examples into a Parquet file. */
export function evaluateArguments(
  { modelUri, out, predictions }: Asked & { readonly predictions: string },
  examples: Examples,
): readonly string[] {
  const files = ['--model-uri', modelUri, '--out', out, '--predictions', predictions];
  return [...files, ...examplesArguments(examples)];
}

/** A version to be packaged into a folder. */
type Packaged = Asked & Readonly<Record<'model' | 'version' | 'runId' | 'modelDigest' | 'folder', string>>;

/** Arguments of `trainyard.package`, which exports the model and makes its archive. */
export function packageArguments(
  { modelUri, out, model, version, runId, modelDigest, folder }: Packaged,
  examples: Examples,
): readonly string[] {
  return [
    ...['--model-uri', modelUri, '--model-digest', modelDigest, '--out', out, '--package-dir', folder],
    ...['--model', model, '--version', version, '--run-id', runId],
    ...examplesArguments(examples),
  ];
}

type Measured = { readonly folder: string; readonly out: string; readonly calls: number };

/** Arguments of `trainyard.measure`, which times so many single requests of a package. */
export function measureArguments({ folder, out, calls }: Measured): readonly string[] {
  return ['--package-dir', folder, '--out', out, '--calls', String(calls)];
}

function examplesArguments({ file, target, id, slices }: Examples): readonly string[] {
  const compared = slices === undefined ? [] : ['--slices', slices.join(',')];
  return ['--holdout', file, '--target', target, '--id', id, ...compared];
}
