import type { Config, Scalar } from '../../core/config/config.ts';
import { covers } from '../../core/ledger/mutes/covers.ts';
import { type EnvironmentState, environmentOf, freezeOf, type LedgerState } from '../../core/ledger/state.ts';
import { describeChampion } from '../../core/plan/answers/answer-status.ts';
import { describeReturn } from '../../core/plan/answers/describe-return.ts';
import { foretellTraining } from '../../core/plan/answers/foretell-training.ts';
import type { Refused } from '../../core/plan/decision.ts';
import type { PlannedOperation } from '../../core/plan/hand-over.ts';
import { type Block, type Report, type Text, tableOfFacts } from '../../core/report/report.ts';

/** The refusal and what to do instead. */
export function answerRefusal({ code, message, remedy }: Refused): Report {
  return {
    sign: 'refused',
    blocks: [headline(message), tableOfFacts([['reason', code]])],
    foot: nextStep(remedy),
  };
}

/** What a freeze says where the ledger that it belongs into is damaged; nothing where it is on record. */
export function describeUnrecorded({ doubt }: LedgerState): readonly Block[] {
  if (doubt?.kind !== 'earlier') return [];
  const text = `This is not on record: the ledger is damaged. ${doubt.problem.message} Nothing is rolled out, advanced or promoted before that is mended; say it again then. ${doubt.problem.remedy}`;
  return [{ kind: 'warning', text }];
}

/** What the operation will do, in words, and what its commit would change in the policy. */
export function answerPlan(
  operation: PlannedOperation,
  { config, state }: { readonly config: Config; readonly state: LedgerState },
  policyChanges: readonly string[],
): Report {
  const { sha, parameters, environment, reason, next, production, dryRun, actor } = operation;
  const { finding, until } = operation;
  const given = Object.entries(parameters).map((given) => sayGiven(given, config));
  const here = environment === undefined ? undefined : environmentOf(state, environment);
  const facts = [
    ['asked for by', actor],
    ['commit', sha],
    ...(environment === undefined ? [] : [['environment', environment] as const]),
    ...describeVersion(operation, here),
    ...(finding === undefined ? [] : [['finding', finding] as const]),
    ...(until === undefined ? [] : [['until', until] as const]),
    ...(here === undefined ? [] : [['serving now', describeChampion(here)] as const]),
    ...(given.length === 0 ? [] : [['parameters', given.join(', ')] as const]),
    ...(next === undefined ? [] : [['then', next] as const]),
    ...(production === undefined ? [] : [['pipeline', 'production'] as const]),
    ...(reason === undefined ? [] : [['reason', reason] as const]),
  ] as const;
  const frozen = describeFreeze(operation, state);
  const intent = frozen.length === 0 ? INTENTS[operation.operation] : UNTIL_PACKED;
  const done = dryRun ? undefined : DONE[operation.operation];
  const said = done ?? (dryRun ? `This would ${intent}. Nothing was done.` : `This is going to ${intent}.`);
  return {
    sign: done === undefined ? 'planned' : 'done',
    about: operation.operation,
    blocks: [
      headline(said),
      tableOfFacts(facts),
      ...policyChanges.map((text) => ({ kind: 'paragraph', text }) as const),
      ...frozen,
      ...describeUnfound(operation, here),
      ...(dryRun ? foretellTraining(operation, config) : []),
    ],
  };
}

/** A parameter as it is given, and what it would be otherwise. */
function sayGiven([name, value]: readonly [string, Scalar], { project, search }: Config): string {
  const usual =
    project.parameters[name] ?? (name === 'trials' || name === 'jobs' ? search?.[name] : undefined);
  const said = `${name}=${String(value)}`;
  return usual === undefined || usual === value ? said : `${said} (otherwise ${String(usual)})`;
}

/** The version that an operation is about; of a rollback, from which to which it goes. */
function describeVersion(
  operation: PlannedOperation,
  here: EnvironmentState | undefined,
): readonly (readonly [string, string])[] {
  if (operation.operation === 'rollback' && here !== undefined) return describeReturn(operation, here);
  return operation.version === undefined ? [] : [['version', operation.version]];
}

/** What is done when it is answered, for the ledger is all that it takes. */
const DONE: Readonly<Partial<Record<PlannedOperation['operation'], string>>> = {
  freeze: 'Frozen: no new rollout begins until it is lifted.',
  unfreeze: 'Thawed: rollouts may begin again.',
  mute: 'Muted: the monitor tells of it and does nothing about it.',
  unmute: 'No longer muted: it acts again from the next run of the monitor on.',
};

/** A training goes as far as a package while there is a freeze: that is said before it begins. */
function describeFreeze({ operation, environment }: PlannedOperation, state: LedgerState): readonly Block[] {
  if ((operation !== 'train' && operation !== 'tune') || environment === undefined) return [];
  const freeze = freezeOf(state, environment);
  if (freeze === undefined) return [];
  const text = `${environment} is frozen by ${freeze.actor} since ${freeze.at} (${freeze.reason}): what passes is packed and not rolled out. \`/unfreeze\` and \`/deploy\` do that later.`;
  return [{ kind: 'warning', text }];
}

/** A slip in a code mutes nothing, and so does one that is muted ahead of time: the monitor's last word tells them apart. */
function describeUnfound(
  { operation, finding }: PlannedOperation,
  here: EnvironmentState | undefined,
): readonly Block[] {
  if (operation !== 'mute' || finding === undefined) return [];
  const { codes = [], muted = [] } = here?.monitor ?? {};
  const found = [...codes, ...muted];
  if (found.some((code) => covers(finding, { code }))) return [];
  const listed = found.length === 0 ? 'nothing' : found.map((code) => `\`${code}\``).join(', ');
  return [
    { kind: 'warning', text: `The monitor does not find \`${finding}\` now; it last found ${listed}.` },
  ];
}

/** The plan at the start of the jobs that carry it out. */
export function answerBegun(plan: Report): Report {
  const text =
    'What each job finds is added here. Metrics of a training, as they come, are in the log of its job: follow the run below.';
  return { ...plan, sign: 'begun', blocks: [...plan.blocks, { kind: 'paragraph', text }] };
}

const INTENTS: Readonly<Record<PlannedOperation['operation'], string>> = {
  train: 'train, judge and, if the gate passes, register, build and roll out a new version',
  tune: 'search for the best parameters, and propose them or, where `--then` says so, train with them',
  deploy: 'roll the version out in stages',
  advance: 'go on with the rollout in progress',
  promote: 'give the candidate all traffic',
  rollback: 'take the traffic back to an earlier version',
  brake: 'end the rollout in progress if a host brakes it',
  hold: 'keep the rollout at its stage',
  resume: 'let the rollout go on',
  freeze: 'allow no new rollout until it is lifted',
  unfreeze: 'allow rollouts again',
  mute: 'have the monitor do nothing about a finding',
  unmute: 'have the monitor act on a finding again',
  monitor: 'look at what the hosts saw',
  status: 'say what serves where',
  help: 'list the commands',
};

/** What becomes of a training where nothing may be rolled out. */
const UNTIL_PACKED =
  'train, judge and, if the gate passes, register and build a new version, which is not rolled out';

function headline(text: string): Block {
  return { kind: 'paragraph', text: [{ kind: 'strong', text }] };
}

function nextStep(text: Text): readonly Block[] {
  return [headline('What you can do now'), { kind: 'list', items: [text] }];
}
