import { formatPath } from './describe-issue.ts';
import { readWrittenYaml } from './yaml-source.ts';

/**
 * What is read from the default branch, so that a commit can't weaken what judges it, boxes its code or says how it is served.
 */
const POLICY_SECTIONS = [
  ['gate'],
  ['data', 'fetch'],
  ['data', 'holdout'],
  ['answers'],
  ['environments'],
  ['monitor'],
  ['commands'],
  ['box'],
  ['models'],
  ['serving'],
] as const;
/** What is said there changes no model, nor how one is packed or read: it counts from the push on. */
const RULES: ReadonlySet<string> = new Set(['gate', 'environments', 'monitor', 'commands']);
/** The one of these that a commit says for its own training. */
const FETCH = 'data.fetch';
const MOST_CHANGES = 20;
const MOST_CHARACTERS = 80;

/** A key of the policy that a commit writes otherwise than the default branch; a value is absent where the key is. */
type PolicyChange = {
  readonly key: string;
  readonly ours: string | undefined;
  readonly theirs: string | undefined;
};

/** The policy of one file as text, by key. */
type Policy = ReadonlyMap<string, string>;

/**
 * What the `trainyard.yml` of a commit (`theirs`) would change in the policy of the default branch (`ours`), key by key as both are
 * written. Nothing when one of them can't be read: whoever needs that file says so.
 */
export function comparePolicy(ours: string, theirs: string): readonly PolicyChange[] {
  const [before, after] = [listPolicy(ours), listPolicy(theirs)];
  if (before === undefined || after === undefined) return [];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((key): PolicyChange => ({ key, ours: before.get(key), theirs: after.get(key) }))
    .filter((change) => change.ours !== change.theirs);
}

/**
 * Whether two texts of one `trainyard.yml` differ at most in their rules (`gate`, `environments`, `monitor`, `commands`) and in how they are
 * written. Not when one of them can't be read.
 */
export function changesRulesOnly(before: string, after: string): boolean {
  const [then, now] = [listOthers(before), listOthers(after)];
  return then !== undefined && now !== undefined && then === now;
}

/** All of a file but its rules, as one text that says nothing of its order. */
function listOthers(text: string): string | undefined {
  const { value } = readWrittenYaml(text, '');
  if (!isMapping(value)) return undefined;
  const others = Object.entries(value).filter(([key]) => !RULES.has(key));
  return JSON.stringify(sortKeys(Object.fromEntries(others)));
}

/** The same value, all of whose mappings name their keys in order. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isMapping(value)) return value;
  const sorted = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, sortKeys(inner)]));
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
  const change = nameChange(key, ours, theirs);
  if (ours === undefined) {
    const until =
      key === FETCH ? 'its training alone goes by it until the merge' : 'it counts from the merge on';
    return `This commit ${change}; the default branch does not have it, so ${until}.`;
  }
  return `This commit ${change}; ${nameHold(key)} default branch's ${shorten(ours)} until it is merged.`;
}

/** How what holds takes part in the judgement. */
function nameHold(key: string): string {
  if (key === FETCH) return 'what all jobs but its training fetch by is the';
  if (key.startsWith('data')) return 'judged on the';
  if (key.startsWith('answers')) return 'read by the';
  return key.startsWith('gate') ? 'judged by the' : 'what holds is the';
}

function nameChange(key: string, ours: string | undefined, theirs: string | undefined): string {
  const name = `\`${shorten(key)}\``;
  if (ours === undefined) return `adds ${name} (${shorten(theirs ?? '')})`;
  if (theirs === undefined) return `removes ${name} (${shorten(ours)})`;
  return `changes ${name} from ${shorten(ours)} to ${shorten(theirs)}`;
}

/** The policy of a file; `undefined` when the file can't be read. Variables stay as they are written. */
function listPolicy(text: string): Policy | undefined {
  const { value } = readWrittenYaml(text, '');
  if (!isMapping(value)) return undefined;
  const leaves = POLICY_SECTIONS.flatMap((path) => {
    const section = findSection(value, path);
    return section === undefined ? [] : listLeaves(section, path);
  });
  return new Map(leaves);
}

/** What stands at a path of keys; `undefined` when nothing does. */
function findSection(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (isMapping(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
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
