import { formatPath } from './describe-issue.ts';
import { readYaml } from './yaml-source.ts';

/** What is always read from the default branch, so that a commit can't weaken the gate that judges it. */
const POLICY_SECTIONS = ['gate', 'environments', 'monitor', 'commands'] as const;
const MOST_CHANGES = 20;
const MOST_CHARACTERS = 80;

/** A key of the policy that a commit writes otherwise than the default branch; a value is absent where the key is. */
export type PolicyChange = {
  readonly key: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
};

/**
 * What the `trainyard.yml` of a commit (`theirs`) would change in the policy of the default branch (`ours`), key by key as both are
 * written. Nothing when one of them can't be read: whoever needs that file says so.
 */
export function comparePolicy(ours: string, theirs: string): readonly PolicyChange[] {
  const [before, after] = [listPolicy(ours), listPolicy(theirs)];
  if (before === undefined || after === undefined) return [];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key) => ({ key, ours: before.get(key), theirs: after.get(key) }))
    .filter((change) => change.ours !== change.theirs);
}

/** A sentence for each change, the first twenty. */
export function describePolicy(changes: readonly PolicyChange[]): readonly string[] {
  const more = changes.length - MOST_CHANGES;
  return [
    ...changes.slice(0, MOST_CHANGES).map(describeChange),
    ...(more > 0 ? [`It changes ${more} more keys of the policy.`] : []),
  ];
}

function describeChange({ key, ours, theirs }: PolicyChange): string {
  const name = `\`${shorten(key)}\``;
  if (ours === undefined) {
    return `This commit adds ${name} (${shorten(theirs ?? '')}); the default branch does not have it, so it does not count.`;
  }
  const by = key.startsWith('gate') ? 'judged by the' : 'what holds is the';
  const change =
    theirs === undefined
      ? `removes ${name} (${shorten(ours)})`
      : `changes ${name} from ${shorten(ours)} to ${shorten(theirs)}`;
  return `This commit ${change}; ${by} default branch's ${shorten(ours)}.`;
}

/** The policy's values as text, by key; `undefined` when the file can't be read. Variables stay as they are written. */
function listPolicy(text: string): ReadonlyMap<string, string> | undefined {
  const { value } = readYaml(text, { file: '', env: {}, needs: () => false });
  if (!isMapping(value)) return undefined;
  return new Map(
    POLICY_SECTIONS.filter((section) => Object.hasOwn(value, section)).flatMap((section) =>
      listLeaves(value[section], [section]),
    ),
  );
}

function listLeaves(
  value: unknown,
  path: readonly (string | number)[],
): readonly (readonly [string, string])[] {
  if (isMapping(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, [...path, key]));
  }
  if (Array.isArray(value) && value.some(isMapping)) {
    return value.flatMap((inner: unknown, index) => listLeaves(inner, [...path, index]));
  }
  return [[formatPath(path), typeof value === 'string' ? value : JSON.stringify(value)]];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shorten(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}
