import { type Checked, errors, errorsOf, fine, passedOver, warnings } from '../../core/check/checked.ts';
import { tellChecked } from '../../core/check/tell-checked.ts';
import { troublesOf } from '../../core/check/troubles-of.ts';
import { messageOf } from '../../core/errors.ts';
import { agentStateSchema } from '../../core/serving/api.ts';
import { askLocally } from '../ask-locally.ts';
import { createExchange } from '../machine/reach-out.ts';
import type { AgentEnvironment } from '../open-context.ts';
import { type AgentOptions, surveyOptions } from '../options/options.ts';
import { lookAtKeys } from './look-at-keys.ts';
import { lookAtPrograms } from './look-at-programs.ts';
import { lookAtReports } from './look-at-reports.ts';
import { lookAtRoom } from './look-at-room.ts';

const JSON_FLAG = '--json';
const STATE_TIMEOUT_MS = 10_000;

/**
 * Looks whether an agent with these options would start here and do its work, beside one that runs or before one does; changes nothing.
 * Gives the lines to print, and the exit code: 1 where something stops it.
 */
export async function checkHere(
  argv: readonly string[],
  env: AgentEnvironment,
): Promise<{ readonly lines: readonly string[]; readonly code: number }> {
  const { options, problems } = surveyOptions(
    argv.filter((one) => one !== JSON_FLAG),
    env,
  );
  const checked = [
    ...errors('options', problems),
    ...(problems.length === 0 ? [fine('options', 'each can be read, and they fit together')] : []),
    ...(options === undefined ? [] : await lookAround(options, env)),
  ];
  const { lines, errors: stops } = tellChecked(withoutTwins(checked), argv.includes(JSON_FLAG));
  return { lines, code: stops > 0 ? 1 : 0 };
}

async function lookAround(options: AgentOptions, env: AgentEnvironment): Promise<readonly Checked[]> {
  const [programs, room, reports, running] = await Promise.all([
    lookAtPrograms(options, env),
    lookAtRoom(options),
    lookBeyond(options, env),
    lookAtRunning(options.dataDir),
  ]);
  return [...programs, ...room, ...lookAtKeys(options, Date.now()), ...reports, ...running];
}

async function lookBeyond(options: AgentOptions, env: AgentEnvironment): Promise<readonly Checked[]> {
  try {
    return await lookAtReports(options, createExchange(env, options.caFile));
  } catch (thrown) {
    return errorsOf('github', thrown);
  }
}

/** What the agent that runs on this folder says of itself. */
async function lookAtRunning(dataDir: string): Promise<readonly Checked[]> {
  const subject = 'agent';
  try {
    const answer = await askLocally(dataDir, { path: '/v1/state', timeoutMs: STATE_TIMEOUT_MS });
    if (answer === undefined) return [passedOver(subject, `None runs on ${dataDir}.`)];
    const state = agentStateSchema.parse(answer);
    const told = `${state.host}, version ${state.agentVersion}, runs since ${state.startedAt}`;
    return [fine(subject, told), ...warnings(subject, troublesOf(state))];
  } catch (thrown) {
    const message = `The agent on ${dataDir} can't be asked (${messageOf(thrown)}).`;
    const remedy = 'Check as its user; where it hangs, see its log and restart it: models serve on.';
    return warnings(subject, [{ code: 'agent-silent', message, remedy }]);
  }
}

/** One thing that is missing may be met twice, and is said once. */
function withoutTwins(checked: readonly Checked[]): readonly Checked[] {
  const textOf = (one: Checked) => (one.kind === 'flawed' ? one.problem.message : undefined);
  return checked.filter(
    (one, index) =>
      one.kind !== 'flawed' || checked.findIndex((other) => textOf(other) === textOf(one)) === index,
  );
}
