import { readVersion } from '../identity/version.ts';
import { checkPermissions } from './check-permissions.ts';
import { COMMANDS, findCommand } from './commands/command-table.ts';
import { muteOf } from './commands/mute-of.ts';
import { parseCommand } from './commands/parse-command.ts';
import { ignore, type PlanDecision, type Refused, refuse } from './decision.ts';
import type { Operation } from './hand-over.ts';
import { manualSchema } from './payloads.ts';
import type { PlanInput } from './plan-input.ts';
import { resolveOperation } from './resolve-operation.ts';

/** What acts on whatever is there when it is said. When that was is on no record for a run by hand that is run again. */
const MEANS_WHAT_IS_THERE: ReadonlySet<Operation> = new Set(['rollback', 'promote', 'resume']);

/** What takes words of its own in `parameters`; for all else they are a training's. */
const WITH_WORDS: ReadonlySet<Operation> = new Set(['tune', 'mute', 'unmute']);

/** What a person may ask for: the commands of a comment, and a look of the monitor. What goes on by reports alone is none of it. */
const BY_HAND: readonly Operation[] = [...COMMANDS.map(({ name }) => name), 'monitor'];

/** Someone runs the workflow by hand: the same operations and the same checks as a comment's, from the form's inputs. */
export function planManual(input: PlanInput): PlanDecision {
  const read = manualSchema.safeParse(input.payload);
  if (!read.success) return refuse('bad-payload', "The inputs can't be read.", 'Run the workflow again.');
  const sender = read.data.sender?.login ?? input.actor;
  const denied = checkPermissions(input, [...new Set([sender, input.actor])]);
  if (denied !== undefined) return denied;
  const inputs = read.data.inputs ?? {};
  const text = (name: string): string => String(inputs[name] ?? '').trim();
  const model = text('model');
  if (model !== '' && model !== input.config.model) return ignore('other-model', `This is for ${model}.`);
  const operation = BY_HAND.find((known) => known === (text('operation') || 'train'));
  if (operation === undefined) {
    return refuse(
      'unknown-command',
      `There is no operation ${text('operation')}.`,
      `Choose one of ${BY_HAND.join(', ')}.`,
    );
  }
  const elsewhere = checkBranch(input, operation, read.data.ref);
  if (elsewhere !== undefined) return elsewhere;
  if (input.attempt > 1 && MEANS_WHAT_IS_THERE.has(operation)) {
    return refuse(
      'stale',
      'This run was asked for before, and what it meant then may be something else now.',
      'Start the workflow anew instead of running it again.',
    );
  }
  return planInputs(input, { operation, actor: sender }, text);
}

/** The run's commit is that of the branch it was started on: nobody has looked at what is pushed there. To make safe runs none of it. */
function checkBranch(
  { defaultBranch }: PlanInput,
  operation: Operation,
  ref: string | undefined,
): Refused | undefined {
  const effect = findCommand(operation)?.effect;
  if (effect === undefined || effect === 'guards' || effect === 'tells') return undefined;
  if (ref === `refs/heads/${defaultBranch}`) return undefined;
  return refuse(
    'other-branch',
    `By hand only the default branch is trained and rolled out from, and this was started on ${ref ?? 'no branch'}.`,
    `Start it on ${defaultBranch}, or comment /train on the pull request of that branch.`,
  );
}

function planInputs(
  input: PlanInput,
  { operation, actor }: { readonly operation: Operation; readonly actor: string },
  text: (name: string) => string,
): PlanDecision {
  // `parameters` is written as after the command, so that it is read by the same rules.
  const command = WITH_WORDS.has(operation) ? operation : 'train';
  const parsed = parseCommand(`/${command} ${text('parameters').replaceAll(/\s+/g, ' ')}`);
  if (parsed.kind !== 'command') return parsed;
  if (parsed.commit !== undefined) {
    return refuse('bad-argument', `\`${parsed.commit}\` is no parameter.`, 'Write `name=value` pairs.');
  }
  const wanted = text('version');
  const version = readVersion(wanted);
  if (wanted !== '' && version === undefined) {
    return refuse('bad-argument', `\`${wanted}\` is no version.`, 'Versions are whole numbers, such as 8.');
  }
  const environment = text('environment') || (parsed.environment ?? '');
  const reason = text('reason') || (parsed.reason ?? '');
  return resolveOperation(
    {
      operation,
      sha: input.sha,
      parameters: parsed.parameters,
      cause: { kind: 'manual', id: `manual-${input.runId}` },
      actor,
      // To run it again is to repeat what was said, and no new word on that version.
      word: { at: input.now, namesVersion: version !== undefined && input.attempt === 1 },
      dryRun: text('dry-run') === 'true',
      ...muteOf(parsed, input.now),
      ...(version === undefined ? {} : { version }),
      ...(environment === '' ? {} : { environment }),
      ...(reason === '' ? {} : { reason }),
      ...(parsed.next === undefined ? {} : { next: parsed.next }),
      ...(parsed.production === undefined ? {} : { production: parsed.production }),
    },
    input.config,
    input.state,
  );
}
