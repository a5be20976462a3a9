import type { Problem } from '../errors.ts';
import { formatList } from '../report/format-list.ts';
import type { ProfileFeature, ReferenceProfile } from './profile.ts';
import { lackTogether } from './together.ts';

/** A column that is not watched, and why. */
export type LeftOut = { readonly name: string; readonly why: string };

type Asked = { readonly leaveOut?: readonly string[] };

const WHY: Readonly<Record<NonNullable<ReferenceProfile['leftOut']>[number]['as'], string>> = {
  id: 'an id',
  time: 'a time',
  'left-out': 'left out',
};

const TOGETHER = 'how columns go together';

/** The features that are watched: none that is named, none of a column of texts that is, and none through such a column. */
export function watchedFeatures(
  { features }: ReferenceProfile,
  { leaveOut = [] }: Asked,
): readonly ProfileFeature[] {
  return features.filter((feature) => !leaveOut.some((name) => isCalled(feature, name)));
}

/** What the profile does not count, and what is left out of it on request. */
export function listLeftOut(profile: ReferenceProfile, { leaveOut = [] }: Asked): readonly LeftOut[] {
  const uncounted = (profile.leftOut ?? []).map(({ name, as, declared }) => ({
    name,
    why: declared ? `${WHY[as]}, by trainyard.yml` : `${WHY[as]}, by its values`,
  }));
  const asked = namesBeside(profile, leaveOut).filter((name) => isCounted(profile, name));
  return [
    ...uncounted,
    ...asked.map((name) => ({ name, why: 'left out, by trainyard.yml' })),
    ...findLost(profile, leaveOut),
  ];
}

/**
 * What is not watched of how columns go together. Of a direction through many columns one that is left out takes all with it, and a build
 * draws others through the rest. Where there is none, the profile does not say whether it was looked for: neither is this.
 */
function findLost(profile: ReferenceProfile, leaveOut: readonly string[]): readonly LeftOut[] {
  const lost = profile.features.flatMap(({ together }) => {
    const rest = together?.columns.filter((name) => !leaveOut.includes(name)) ?? [];
    return together !== undefined && rest.length > 1 && rest.length < together.columns.length
      ? together.columns
      : [];
  });
  const through = leaveOut.filter((name) => lost.includes(name)).map((name) => `\`${name}\``);
  if (through.length > 0) {
    return [{ name: TOGETHER, why: `through ${formatList(through)}; the next build watches the rest` }];
  }
  const isLacking = lackTogether(watchedFeatures(profile, { leaveOut }));
  return isLacking ? [{ name: TOGETHER, why: 'no direction is watched' }] : [];
}

/** What was asked to be left out and is nowhere: a name that is written wrongly leaves nothing out. */
export function findUnknownNames(profile: ReferenceProfile, { leaveOut = [] }: Asked): readonly Problem[] {
  const unknown = namesBeside(profile, leaveOut).filter((name) => !isCounted(profile, name));
  if (unknown.length === 0) return [];
  const names = unknown.map((name) => `\`${name}\``).join(', ');
  return [
    {
      code: 'unknown-column',
      message: `monitor.drift leaves out ${names}, and the reference profile of version ${profile.version} has no such feature.`,
      remedy: 'Write the names as the table of features does.',
    },
  ];
}

/** Those names that the profile does not leave out by itself. */
function namesBeside({ leftOut }: ReferenceProfile, names: readonly string[]): readonly string[] {
  return names.filter((wanted) => leftOut?.some(({ name }) => name === wanted) !== true);
}

function isCounted({ features }: ReferenceProfile, wanted: string): boolean {
  return features.some((feature) => isCalled(feature, wanted));
}

function isCalled({ name, text, together, slice }: ProfileFeature, wanted: string): boolean {
  const columns = [name, text?.column, slice?.column, ...(together?.columns ?? [])];
  return columns.includes(wanted);
}
