import type { Config } from '../config/config.ts';
import { didYouMean } from '../did-you-mean.ts';
import type { Problem } from '../errors.ts';
import { DEFAULT_CONFIG_FILE, DISPATCH_TYPES } from '../names.ts';
import type { CalledWorkflow } from './called-workflow.ts';
import { type Checked, errors, warnings } from './checked.ts';
import { startsOn } from './starts-on.ts';
import type { Caller, Permissions } from './workflow.ts';

/** What a caller is held against. */
type CallerContext = {
  readonly called: CalledWorkflow;
  readonly config: Config;
  /** The default branch; `undefined` when nobody can tell it. */
  readonly branch: string | undefined;
  /** Whether jobs need files that Git LFS keeps. */
  readonly needsLfs: boolean;
};

/** Reports that the pipeline, and the monitor, has to hear. */
const DISPATCHES = {
  pipeline: [DISPATCH_TYPES.retrain, DISPATCH_TYPES.rollout, DISPATCH_TYPES.brake],
  monitor: [DISPATCH_TYPES.drift, DISPATCH_TYPES.labelDrift, DISPATCH_TYPES.heartbeat],
} as const;
const EVENTS = {
  pipeline: ['push', 'issue_comment', 'repository_dispatch', 'workflow_dispatch'],
  monitor: ['schedule', 'repository_dispatch'],
} as const;

/** The configuration that a caller names. */
export function configOf({ given }: Caller): string {
  const named = given.with['config'];
  return typeof named === 'string' ? named : DEFAULT_CONFIG_FILE;
}

/** What is wrong with a workflow of the user's that calls one of ours. */
export function checkCaller(caller: Caller, context: CallerContext): readonly Checked[] {
  const subject = 'workflows';
  return [
    ...errors(subject, [
      ...checkTrigger(caller, context),
      ...checkNames(caller, context.called),
      ...checkPermissions(caller, context.called),
      ...checkInputs(caller, context),
    ]),
    ...warnings(subject, [
      ...checkNamed(caller, context.called),
      ...checkEvents(caller),
      ...checkSecrets(caller, context),
    ]),
  ];
}

/** GitHub fills `$default-branch` in where it offers the file as a template, and nowhere else. */
function checkTrigger(
  { text, file, on, calls, locate }: Caller,
  { branch }: CallerContext,
): readonly Problem[] {
  const line = text.split('\n').findIndex((one) => one.replace(/#.*/, '').includes('$default-branch')) + 1;
  if (line > 0) {
    const message = '`$default-branch` stands for nothing here: no push starts this workflow.';
    const remedy = `Write the branch itself: \`branches: [${branch ?? 'main'}]\`.`;
    return [{ code: 'branch-unfilled', message, remedy, where: { kind: 'file', file, line } }];
  }
  if (calls === 'monitor' || branch === undefined) return [];
  const branches = on['push']?.branches;
  if (branches === undefined || startsOn(branches, branch)) return [];
  return [
    {
      code: 'other-branch',
      message: `Pushes to ${branch} don't start this workflow: it waits for ${branches.join(', ')}.`,
      remedy: `Name ${branch} in \`on.push.branches\`.`,
      where: locate(['on', 'push', 'branches']),
    },
  ];
}

/** GitHub refuses the whole file for an input or a secret that the called workflow has not. */
function checkNames({ given, job, locate }: Caller, { inputs, secrets }: CalledWorkflow): readonly Problem[] {
  const unknown = (key: 'with' | 'secrets', written: readonly string[], known: readonly string[]) =>
    written
      .filter((name) => !known.includes(name))
      .map((name) => {
        const nearest = didYouMean(name, known);
        const list = `It takes ${known.join(', ')}.`;
        return {
          code: key === 'with' ? 'unknown-input' : 'unknown-secret',
          message: `The workflow that is called takes no ${key === 'with' ? 'input' : 'secret'} \`${name}\`.`,
          remedy: nearest === undefined ? `Remove it. ${list}` : `Did you mean \`${nearest}\`? ${list}`,
          where: locate(['jobs', job, key], name),
        };
      });
  if (given.secrets === 'inherit') {
    return [...unknown('with', Object.keys(given.with), inputs), inherited(locate(['jobs', job], 'secrets'))];
  }
  return [
    ...unknown('with', Object.keys(given.with), inputs),
    ...unknown('secrets', Object.keys(given.secrets), secrets),
  ];
}

function inherited(where: Problem['where']): Problem {
  return {
    code: 'secrets-inherited',
    message:
      '`secrets: inherit` hands each secret on under its own name, and no secret can be called `agent-token`.',
    remedy: `Name them: \`agent-token: \${{ secrets.TRAINYARD_AGENT_TOKEN }}\` and so on.`,
    ...(where !== undefined && { where }),
  };
}

/** A job of a called workflow that asks for more than its caller has stops the run before it begins. */
function checkPermissions(
  { permissions, job, locate }: Caller,
  { permissions: asked }: CalledWorkflow,
): readonly Problem[] {
  if (permissions === undefined) return [];
  const missing = Object.entries(asked).filter(([scope, level]) => !grants(permissions, scope, level));
  if (missing.length === 0) return [];
  const list = missing.map(([scope, level]) => `${scope}: ${level}`).join(', ');
  return [
    {
      code: 'permissions-missing',
      message: `The job may not do what the workflow that it calls asks for: ${list}. GitHub starts no such run.`,
      remedy: `Add \`${list}\` to the permissions of the job.`,
      where: locate(['jobs', job, 'permissions']),
    },
  ];
}

/** What a job may do that names nothing is a setting of the repository, which gives little unless somebody has changed it. */
function checkNamed(
  { permissions, job, locate }: Caller,
  { permissions: asked }: CalledWorkflow,
): readonly Problem[] {
  if (permissions !== undefined) return [];
  const list = Object.entries(asked)
    .map(([scope, level]) => `${scope}: ${level}`)
    .join(', ');
  return [
    {
      code: 'permissions-unnamed',
      message: `The job names no permissions, and the workflow that it calls asks for ${list}. GitHub starts no run unless the settings of the repository give as much.`,
      remedy: `Add \`permissions: { ${list} }\` to the job.`,
      where: locate(['jobs'], job),
    },
  ];
}

function grants(permissions: Permissions, scope: string, level: 'read' | 'write'): boolean {
  if (typeof permissions === 'string') {
    return permissions === 'write-all' || (level === 'read' && permissions === 'read-all');
  }
  return permissions[scope] === 'write' || (level === 'read' && permissions[scope] === 'read');
}

function checkInputs({ given, job, locate, calls }: Caller, { needsLfs }: CallerContext): readonly Problem[] {
  const labels = ['gpu-runner', 'control-runner'].flatMap((name) => {
    const written = given.with[name];
    if (
      written === undefined ||
      (typeof written === 'string' && (written.includes('${{') || isJson(written)))
    )
      return [];
    return [
      {
        code: 'runner-not-json',
        message: `\`${name}\` is ${JSON.stringify(written)}, and the labels of a runner are given as JSON.`,
        remedy: `Write \`${name}: '["self-hosted", "gpu"]'\`, or \`'"ubuntu-latest"'\`.`,
        where: locate(['jobs', job, 'with', name]),
      },
    ];
  });
  if (calls === 'monitor' || !needsLfs || isTrue(given.with['lfs'])) return labels;
  return [
    ...labels,
    {
      code: 'lfs-left-out',
      message: 'Git LFS keeps data that jobs read, and they check out its pointers only.',
      remedy: 'Add `lfs: true` to the inputs of the job.',
      where: locate(['jobs', job, 'with']),
    },
  ];
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || (typeof value === 'string' && value.includes('${{'));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function checkEvents({ on, calls, locate }: Caller): readonly Problem[] {
  const absent = EVENTS[calls].filter((event) => !Object.hasOwn(on, event));
  const unheard = absent.map((event) => ({
    code: 'event-unheard',
    message: `The ${calls} is not started by ${event}.`,
    remedy: `Add it to \`on\`, as workflows-templates has it.`,
    where: locate([], 'on'),
  }));
  const types = on['repository_dispatch']?.types;
  const missing = types === undefined ? [] : DISPATCHES[calls].filter((type) => !types.includes(type));
  if (missing.length === 0) return unheard;
  return [
    ...unheard,
    {
      code: 'dispatch-unheard',
      message: `Reports of ${missing.join(', ')} start nothing.`,
      remedy: 'Add them to `on.repository_dispatch.types`.',
      where: locate(['on', 'repository_dispatch', 'types']),
    },
  ];
}

function checkSecrets(
  { given, job, locate, calls }: Caller,
  { config, called }: CallerContext,
): readonly Problem[] {
  const { secrets } = given;
  if (secrets === 'inherit' || Object.keys(config.environments).length === 0) return [];
  const needed = [
    ['agent-token', 'no host can be asked or told anything'],
    ['signing-key', 'nothing is signed that is served, and hosts that want signatures refuse it'],
    ...(calls === 'pipeline' ? [['dispatch-secret', 'no report of a host is believed'] as const] : []),
  ] as const;
  // One that is there under a name of its own is told by that.
  const meant = Object.keys(secrets).map((name) => didYouMean(name, called.secrets));
  return needed
    .filter(([name]) => secrets[name] === undefined && !meant.includes(name))
    .map(([name, effect]) => ({
      code: 'secret-not-passed',
      message: `The secret \`${name}\` is not handed on: ${effect}.`,
      remedy: `Add \`${name}: \${{ secrets.TRAINYARD_${name.toUpperCase().replaceAll('-', '_')} }}\`.`,
      where: locate(['jobs', job, 'secrets']),
    }));
}
