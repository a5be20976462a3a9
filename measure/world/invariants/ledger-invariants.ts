import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { environmentOf, freezeOf, type LedgerState, lookUp } from '../../../core/ledger/state.ts';
import type { Invariant } from './invariant.ts';

/** What a host tells of itself while the ledger is written to. */
export type HostView = {
  readonly url: string;
  /** It can be asked: its agent runs, and nothing stands between. */
  readonly isInReach: boolean;
  readonly rolloutOnHost: string | undefined;
  /** Rollouts that it was told are over, and since when it has what it was told last, in ms. */
  readonly told: { readonly over: readonly string[]; readonly forMs: number };
  /** For how long no agent has run there; 0 while one does. */
  readonly downForMs: number;
  /** Nobody has heard of it since its agent began: what it came back with is news. */
  readonly isUnseen: boolean;
  readonly stable: string | undefined;
  /** Harm that it has braked for so many ms. */
  readonly brake: { readonly rollout: string; readonly forMs: number } | undefined;
};

/** The ledger before and after something was written, and the world around it. */
export type Writing = {
  readonly before: readonly LedgerEvent[];
  readonly stateBefore: LedgerState;
  readonly now: readonly LedgerEvent[];
  readonly written: readonly LedgerEvent[];
  readonly hosts: readonly HostView[];
  /** Whether any host may remember a ledger: one that is down may, and one that came back with an empty disk does not. */
  readonly isRemembered: boolean;
  readonly maxUnavailable: number;
  /** What people have commanded so far. `at` is an instant. */
  readonly commands: readonly { readonly at: string; readonly text: string }[];
  /** Whether a version does harm, on some host at least, whoever judges it. */
  readonly isHarmful: (version: string) => boolean;
  /** Whether a version is as its champion is, and nothing has happened to its servers. */
  readonly isEqual: (version: string) => boolean;
};

/** A host is asked what it does, and the answer is on its way to the ledger, for so long at most, in ms. */
const ON_THE_WAY_MS = 10_000;
/** Ends of a rollout that say nothing of harm. */
const HARMLESS: ReadonlySet<string> = new Set(['requested', 'deadline-passed', 'lease-expired']);
const STATISTICAL: ReadonlySet<string> = new Set([
  'errors-worse',
  'slower',
  'invalid-worse',
  'objective-broken',
]);

type Promoted = Extract<LedgerEvent, { kind: 'rollout.promoted' }>;
type Started = Extract<LedgerEvent, { kind: 'rollout.started' }>;

const promotedIn = ({ written }: Writing): readonly Promoted[] =>
  written.filter((event): event is Promoted => event.kind === 'rollout.promoted');
const startedIn = ({ written }: Writing): readonly Started[] =>
  written.filter((event): event is Started => event.kind === 'rollout.started');

/** Gives the first breach among these events. */
function first<T>(events: readonly T[], breach: (event: T) => string | undefined): string | undefined {
  for (const event of events) {
    const found = breach(event);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Whether a host has lost a rollout so lately that its job could not know: it went down or came back empty after it was asked, or another
 * job has just taken it back there, and is on its way to the ledger too.
 */
function isNews({ downForMs, isUnseen, told }: HostView, rollout: string): boolean {
  if (downForMs > 0) return downForMs <= ON_THE_WAY_MS;
  return isUnseen || (told.over.includes(rollout) && told.forMs <= ON_THE_WAY_MS);
}

/** What each writing to the ledger has to keep. */
export const LEDGER_INVARIANTS: readonly Invariant<Writing>[] = [
  {
    name: 'ledger-only-grows',
    text: 'The ledger only grows: what was written once is there ever after, in its order, as long as a host may remember it.',
    breach: ({ before, now, isRemembered }) => {
      if (!isRemembered) return undefined;
      const lost = before.find(({ id }, index) => now[index]?.id !== id);
      return lost && `${lost.kind} ${lost.id} is not where it was`;
    },
  },
  {
    name: 'no-event-twice',
    text: 'No event is in the ledger twice.',
    breach: ({ now }) => {
      const seen = new Set<string>();
      const twice = now.find(({ id }) => seen.size === seen.add(id).size);
      return twice && `${twice.id} is there twice`;
    },
  },
  {
    name: 'one-rollout-open',
    text: 'At most one rollout is open in an environment.',
    breach: ({ now }) => {
      const open = openRollouts(now);
      return open.length > 1 ? `${open.join(' and ')} are open` : undefined;
    },
  },
  {
    name: 'frozen-promotes-nothing',
    text: 'No version is promoted while its environment is frozen.',
    breach: (writing) =>
      first(promotedIn(writing), ({ data }) => {
        const freeze = freezeOf(writing.stateBefore, data.environment);
        return freeze && `version ${data.version} was promoted though ${freeze.actor} froze at ${freeze.at}`;
      }),
  },
  {
    name: 'promoted-over-its-gate',
    text: 'A version is promoted only over the champion that its gate judged it against.',
    breach: (writing) =>
      first(promotedIn(writing), ({ data }) => {
        const { stateBefore: state } = writing;
        const champion = environmentOf(state, data.environment).champion?.version;
        const gate = lookUp(state.versions, data.version)?.gate;
        return champion === undefined || gate?.champion === champion
          ? undefined
          : `version ${data.version} replaced ${champion}, and its gate was against ${gate?.champion ?? 'none'}`;
      }),
  },
  {
    name: 'promoted-over-no-brake',
    text: 'No version is promoted that a host in reach has braked for harm.',
    breach: (writing) =>
      first(promotedIn(writing), ({ data }) => {
        const host = writing.hosts.find(
          ({ isInReach, brake }) =>
            isInReach && brake?.rollout === data.rollout && brake.forMs > ON_THE_WAY_MS,
        );
        return host && `version ${data.version} was promoted though ${host.url} had braked it`;
      }),
  },
  {
    name: 'promoted-with-all-hosts',
    text: 'A version is promoted on evidence only where no more hosts lack the rollout than max-unavailable allows.',
    breach: (writing) =>
      first(promotedIn(writing), ({ data }) => {
        if (data.code !== 'promote') return undefined;
        const lacking = writing.hosts.filter(
          (host) => host.rolloutOnHost !== data.rollout && !isNews(host, data.rollout),
        );
        return lacking.length > writing.maxUnavailable
          ? `version ${data.version} was promoted though ${lacking.map(({ url }) => url).join(', ')} took no part`
          : undefined;
      }),
  },
  {
    name: 'harmful-never-promoted',
    text: 'A version that fails half of its requests is never promoted on evidence.',
    breach: (writing) =>
      first(promotedIn(writing), ({ data }) =>
        data.code !== 'requested' && data.code !== 'first' && writing.isHarmful(data.version)
          ? `version ${data.version} was promoted: ${data.explanation}`
          : undefined,
      ),
  },
  {
    name: 'first-only-where-nobody-serves',
    text: 'A version counts as the first only where no host in reach serves another.',
    breach: (writing) =>
      first(promotedIn(writing), ({ data }) => {
        const other = writing.hosts.find(
          ({ isInReach, stable }) => isInReach && stable !== undefined && stable !== data.version,
        );
        return data.code === 'first' && other !== undefined
          ? `version ${data.version} was the first, though ${other.url} served ${other.stable}`
          : undefined;
      }),
  },
  {
    name: 'reports-begin-nothing',
    text: 'A report of an agent begins no rollout.',
    breach: (writing) =>
      first(startedIn(writing), ({ cause, data }) =>
        cause.kind === 'dispatch'
          ? `report ${cause.id} began a rollout of version ${data.version}`
          : undefined,
      ),
  },
  {
    name: 'taken-back-stays-back',
    text: 'A version taken back for harm begins again only on a command of a person who names it after that.',
    breach: (writing) => first(startedIn(writing), (started) => describeComeback(writing, started)),
  },
  {
    name: 'equal-not-taken-back',
    text: 'A version that is as the champion is not taken back for worse answers.',
    breach: ({ written, isEqual }) =>
      first(written, (event) =>
        event.kind === 'rollout.rolled-back' &&
        STATISTICAL.has(event.data.code) &&
        isEqual(event.data.version)
          ? `version ${event.data.version} was taken back (${event.data.code}): ${event.data.explanation}`
          : undefined,
      ),
  },
];

function describeComeback({ stateBefore, commands }: Writing, { data, at }: Started): string | undefined {
  const { history } = environmentOf(stateBefore, data.environment);
  const taken = history.findLast(({ version }) => version === data.version);
  if (taken?.outcome !== 'rolled-back' || HARMLESS.has(taken.code ?? '')) return undefined;
  const isAsked = commands.some(
    (command) =>
      command.at > taken.at && command.at <= at && new RegExp(`\\bv?${data.version}\\b`).test(command.text),
  );
  return isAsked
    ? undefined
    : `version ${data.version} was taken back at ${taken.at} (${taken.code}) and nobody has named it since`;
}

/** Counted here from the events alone. */
function openRollouts(events: readonly LedgerEvent[]): readonly string[] {
  const open = new Set<string>();
  for (const { kind, data } of events) {
    if (kind === 'rollout.started') open.add(data.rollout);
    if (kind === 'rollout.promoted' || kind === 'rollout.rolled-back') open.delete(data.rollout);
  }
  return [...open];
}
