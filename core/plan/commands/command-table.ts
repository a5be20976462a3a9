import type { Operation } from '../hand-over.ts';

/** What may follow a command, in this order; all of it is optional. */
export type ArgumentKind =
  | 'commit'
  | 'parameters'
  | 'production'
  | 'then'
  | 'version'
  | 'finding'
  | 'time'
  | 'environment'
  | 'reason';

/**
 * What a command can do: run the code of a pull request, raise traffic or let it be raised, change what the monitor acts on, make safe,
 * or only tell.
 */
export type Effect = 'trains' | 'raises' | 'mutes' | 'guards' | 'tells';

export type Command = {
  readonly name: Exclude<Operation, 'monitor'>;
  readonly effect: Effect;
  readonly takes: readonly ArgumentKind[];
  readonly usage: string;
  readonly does: string;
};

/** Every command of a comment: the parser and the help read the same table. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'train',
    effect: 'trains',
    takes: ['commit', 'parameters', 'production'],
    usage: '/train [commit] [name=value …] [--production]',
    does: "Train the pull request's head, or that commit if it is the head; `--production` only with the best parameters of a search, on all its data.",
  },
  {
    name: 'tune',
    effect: 'trains',
    takes: ['commit', 'parameters', 'then'],
    usage: '/tune [commit] [name=value …] [--then train|production]',
    does: 'Search for the best parameters and propose them; `--then` goes on with them at once.',
  },
  {
    name: 'deploy',
    effect: 'raises',
    takes: ['version', 'environment'],
    usage: '/deploy [v8] [environment]',
    does: "Roll out a version: this pull request's newest, or that one.",
  },
  {
    name: 'promote',
    effect: 'raises',
    takes: ['environment'],
    usage: '/promote [environment]',
    does: 'Give the candidate all traffic now.',
  },
  {
    name: 'rollback',
    effect: 'guards',
    takes: ['version', 'environment'],
    usage: '/rollback [v6] [environment]',
    does: 'Stop the rollout, or return to the previous version, or to that one.',
  },
  {
    name: 'hold',
    effect: 'guards',
    takes: ['environment'],
    usage: '/hold [environment]',
    does: 'Keep the rollout at its stage.',
  },
  {
    name: 'resume',
    effect: 'raises',
    takes: ['environment'],
    usage: '/resume [environment]',
    does: 'Let a held rollout go on.',
  },
  {
    name: 'freeze',
    effect: 'guards',
    takes: ['environment', 'reason'],
    usage: '/freeze [environment] [reason]',
    does: 'Start no rollout until unfrozen, in all environments or that one.',
  },
  {
    name: 'unfreeze',
    effect: 'raises',
    takes: ['environment'],
    usage: '/unfreeze [environment]',
    does: 'Allow rollouts again.',
  },
  {
    name: 'mute',
    effect: 'mutes',
    takes: ['finding', 'time', 'environment', 'reason'],
    usage: '/mute CODE [environment] [for 7d] [reason]',
    does: 'Let the monitor tell of a finding and do nothing about it, for 7 days or that time; `drift:x` is every shift of the feature x.',
  },
  {
    name: 'unmute',
    effect: 'mutes',
    takes: ['finding', 'environment'],
    usage: '/unmute CODE [environment]',
    does: 'Let a muted finding act again.',
  },
  {
    name: 'status',
    effect: 'tells',
    takes: ['environment'],
    usage: '/status [environment]',
    does: 'Say what serves where.',
  },
  { name: 'help', effect: 'tells', takes: [], usage: '/help', does: 'List these commands.' },
];

/** The prefix that makes a command a question: `/plan deploy v8`. */
export const DRY_RUN = 'plan';

/** The command of that name. */
export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}
