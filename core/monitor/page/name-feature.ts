import type { FeatureJudgement } from '../../drift/judge-feature.ts';

const PROJECTION = /^(?<before>.*\/)?projection-(?<number>\d+)$/s;

type Named = Pick<FeatureJudgement, 'name' | 'kind' | 'said'>;

/**
 * What people call a feature: `projection-7` of an image is "picture statistics 7", `left/projection-7` "left: picture statistics 7", and
 * `together/age~income` "how age and income go together". All others are called as they are.
 */
export function nameFeature({ name, kind, said }: Named): string {
  if (kind === 'prediction') return 'the answers';
  if (said !== undefined) return said;
  const found = kind === 'projection' ? PROJECTION.exec(name)?.groups : undefined;
  if (found === undefined) return name;
  const input = (found['before'] ?? '').slice(0, -1);
  const statistics = `picture statistics ${found['number']}`;
  return input === '' ? statistics : `${input}: ${statistics}`;
}

/** As in a sentence: a name as it is written, or words where it has none. */
export function quoteFeature(feature: Named): string {
  return feature.said ?? `\`${nameFeature(feature)}\``;
}

/** A sentence in which features are called as people call them. */
export function nameInText(text: string, features: readonly Named[]): string {
  return features.reduce((said, feature) => {
    if (feature.kind !== 'projection') return said;
    return said.replaceAll(`\`${feature.name}\``, () => `\`${nameFeature(feature)}\``);
  }, text);
}
