import { signDispatch } from '../../../../adapters/dispatch-signature.ts';
import type { LedgerState } from '../../../../core/ledger/state.ts';
import type { PermissionLevel } from '../../../../core/permission.ts';
import type { PlanInput } from '../../../../core/plan/plan-input.ts';
import { commentPayload, HEAD, NOW, parse, pullRequest } from '../plan-support.ts';

/** What a scene changes of a usual event. */
type Scene = Partial<PlanInput>;

const TEXT = `version: 1
model: mnist
project: { parameters: { lr: 0.001 } }
search: { metric: acc, trials: 20, space: { lr: { log: [0.0001, 0.1] } } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { staging: { hosts: ["https://s:1"] }, production: { hosts: ["https://p:1"] } }
monitor: { retrain: { cooldown: 6h, at-most: 3/7d } }
`;
const COMMANDS = 'users: [nora, "ship-it[bot]"]';

/** The configuration of the default branch in every table. */
export const CONFIG = parse(`${TEXT}commands: { ${COMMANDS} }\n`);
const OPEN_TO_FORKS = parse(`${TEXT}commands: { ${COMMANDS}, forks: true }\n`);

/** The dispatch secrets that the repository has. */
export const SECRETS = 'staging=secret-of-staging\nproduction=secret-of-production';

/** A new comment of someone who may command. */
export function asComment(body: string): Scene {
  return { payload: commentPayload(body) };
}

type Person = { readonly login: string; readonly type?: 'User' | 'Bot'; readonly actor?: string };

/** Logins are called like the roles they have; apps have the highest, for that is not what stops them. */
const PEOPLE: Readonly<Record<string, Person>> = {
  'no role': { login: 'none', type: 'User' },
  'no role, named in commands.users': { login: 'nora', type: 'User' },
  'an app': { login: 'bump[bot]', type: 'Bot' },
  'an app whose type is left out': { login: 'bump[bot]' },
  'an app named in commands.users': { login: 'ship-it[bot]', type: 'Bot' },
  'write, run again by admin': { login: 'write', type: 'User', actor: 'admin' },
  'write, run again by read': { login: 'write', type: 'User', actor: 'read' },
  'read, run again by admin': { login: 'read', type: 'User', actor: 'admin' },
};
const PERMISSIONS: Readonly<Record<string, PermissionLevel>> = {
  ...{ admin: 'admin', maintain: 'maintain', write: 'write', triage: 'triage', read: 'read' },
  ...{ 'bump[bot]': 'admin', 'ship-it[bot]': 'none' },
};

/** That person's comment, and who runs it. */
export function asPerson(name: string, body: string): Scene {
  const { login, type, actor = login } = PEOPLE[name] ?? { login: name, type: 'User' as const };
  const payload = commentPayload(body);
  const user = { login, ...(type !== undefined && { type }) };
  const comment = { ...payload.comment, user };
  const attempt = actor === login ? 1 : 2;
  return { payload: { ...payload, comment }, actor, attempt, permissions: PERMISSIONS };
}

const FORK = { ...pullRequest, headRepository: 'eve/digits' };

/** A command of someone who may, at that place. */
export function atPlace(place: string, command: string): Scene {
  const body = command.replace('<full>', HEAD).replace('<short>', HEAD.slice(0, 10));
  const usual = asComment(body);
  switch (place) {
    case 'on a pull request':
      return usual;
    case 'on one whose branch was pushed after the comment':
      return { ...usual, headUpdate: { after: HEAD, at: NOW } };
    case 'on one of which nobody knows when it was pushed':
      return { ...usual, headUpdate: { after: 'f'.repeat(40), at: '2026-11-21T07:00:00Z' } };
    case 'on one whose owner is written in another case':
      return { ...usual, pullRequest: { ...pullRequest, headRepository: 'Acme/Digits' } };
    case 'on a closed one':
      return { ...usual, pullRequest: { ...pullRequest, state: 'closed' } };
    case 'on that of a fork':
      return { ...usual, pullRequest: FORK };
    case 'on that of a fork, commands.forks: true':
      return { ...usual, pullRequest: FORK, config: OPEN_TO_FORKS };
    case 'on an issue':
      return { ...usual, payload: { ...commentPayload(body), issue: { number: 9 } } };
    case 'on a pull request, a week ago, run again':
      return { ...usual, payload: commentPayload(body, { at: '2026-11-14T08:59:50Z' }), attempt: 2 };
    case 'on a pull request, changed afterwards':
      return { ...usual, payload: commentPayload(body, { action: 'edited' }) };
    default:
      throw new Error(`no place is called ${place}`);
  }
}

const MUTED = { parameters: 'drift:age' };
/** What an operation can't do without. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = { mute: MUTED, unmute: MUTED };

/** A run by hand of that person, on that branch. */
export function asRun(who: string, operation: string): Scene {
  const isNamed = who === 'no role, named in commands.users';
  const login = isNamed ? 'nora' : who.startsWith('write') ? 'write' : 'read';
  const ref = `refs/heads/${who.includes('another branch') ? 'feature' : 'main'}`;
  const again = who.includes('run again');
  return {
    eventName: 'workflow_dispatch',
    payload: { ref, inputs: { operation, ...WORDS[operation] }, sender: { login } },
    actor: who.endsWith('by read') ? 'read' : login,
    attempt: again ? 2 : 1,
    permissions: PERMISSIONS,
  };
}

/** A push of that person. */
export function asPush(who: string, what: string): Scene {
  const files =
    what === 'documents only' ? ['README.md'] : [what.includes('docs/') ? 'docs/train.py' : 'train.py'];
  const actor = who.split(',')[0] ?? who;
  return {
    eventName: 'push',
    payload: {
      ref: what === 'to another branch' ? 'refs/heads/feature' : 'refs/heads/main',
      after: HEAD,
      deleted: what === 'a branch away',
      head_commit: { message: what === '[skip train]' ? 'Tidy [skip train]' : 'Better features' },
    },
    changedFiles: files,
    actor,
    permissions: PERMISSIONS,
  };
}

const REPORTS: Readonly<Record<string, readonly [type: string, body: Readonly<Record<string, string>>]>> = {
  retrain: ['retrain', {}],
  'brake of the candidate': ['brake', { rollout: 'r8', code: 'errors-worse', explanation: 'Harm.' }],
  'brake of an ended rollout': ['brake', { rollout: 'r6', code: 'errors-worse', explanation: 'Harm.' }],
  stage: ['rollout', { rollout: 'r8' }],
  'lost contact': ['brake', { rollout: 'r8', code: 'lease-expired' }],
  'traffic taken back by hand': ['brake', { rollout: '', code: 'by-hand', version: '7', to: '6' }],
  heartbeat: ['heartbeat', {}],
  drift: ['drift', { version: '7' }],
};
const SENT_AT: Readonly<Record<string, string>> = {
  'two hours ago': '2026-11-21T07:00:00.000Z',
  'eight days ago': '2026-11-13T09:00:00.000Z',
  'by a clock ahead': '2026-11-21T09:11:00.000Z',
};

/** A report of production that was signed and sent so, on that state. */
export function asReport(how: string, what: string, state: LedgerState): Scene {
  const [type, said] = REPORTS[what] ?? ['other', {}];
  const [, manner = ''] = how.split(', ');
  const at = SENT_AT[manner] ?? NOW;
  const hasNone = how.startsWith('any secret');
  const environment = hasNone ? 'canary' : 'production';
  const unsigned = {
    ...{ v: 1 as const, id: `report-of-${type}`, at, from: 'serve-1', environment },
    model: manner === 'of another model' ? 'faces' : 'mnist',
    body: { ...said, ...(said['code'] === 'by-hand' && { at }) },
  };
  const many = manner === 'with eleven keys' ? Object.fromEntries([...'abcde'].map((key) => [key, 1])) : {};
  const secret = how.includes('staging') ? 'secret-of-staging' : 'secret-of-production';
  const signed = signDispatch(secret, `trainyard.${type}`, { ...unsigned, ...many });
  return {
    eventName: 'repository_dispatch',
    payload: { action: `trainyard.${type}`, client_payload: signed },
    state: manner === 'heard before' ? { ...state, dispatches: new Set([unsigned.id]) } : state,
  };
}
