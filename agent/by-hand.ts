import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { modelNameSchema } from '../core/identity/model-name.ts';
import { type TakeBack, type Traffic, takeBackSchema, trafficSchema } from '../core/serving/api.ts';
import { ROUTES } from '../core/serving/routes.ts';
import { createAgent } from './agent.ts';
import { askLocally } from './ask-locally.ts';
import { createSteadyClock } from './machine/steady-clock.ts';
import { type AgentEnvironment, openContext } from './open-context.ts';
import { readOptions } from './options/options.ts';
import { readValues } from './options/read-values.ts';
import { splitFlags } from './options/split-flags.ts';

const FLAGS = { model: 'string', to: 'string', because: 'string' } as const;
type Flag = keyof typeof FLAGS;

/** What a person at the host wants. */
type Wish = { readonly model: string; readonly request: TakeBack };

/**
 * Takes traffic from a version on the word of a person at this host, and says what answers now. The agent does it where one runs, and
 * only `--data-dir` is needed then; else it is done here, with the agent's own options, and the next agent finds it done. Neither
 * needs GitHub. Rejects with a UserError where it can't be done.
 */
export async function takeBackByHand(argv: readonly string[], env: AgentEnvironment): Promise<string> {
  const { flags, rest } = splitFlags(argv, FLAGS);
  const { model, request } = readWish(flags);
  const { values } = readValues(rest, env);
  const running = values && (await askAgent(values.dataDir, { model, request }));
  const traffic = running ?? (await takeBackHere(rest, env, { model, request }));
  return [
    `${model}: version ${traffic.brake?.version} is taken back on this host, and version ${traffic.stable} answers in its place.`,
    `No order overrides that. It is reported to the repository, if there is one (--repository); else say /rollback v${traffic.stable} there.`,
  ].join('\n');
}

/** `undefined` when no agent runs. */
async function askAgent(dataDir: string, { model, request }: Wish): Promise<Traffic | undefined> {
  const path = `/v1/models/${model}/take-back`;
  const answer = await askLocally(dataDir, { path, method: 'POST', json: request });
  return answer === undefined ? undefined : trafficSchema.parse(answer);
}

async function takeBackHere(
  argv: readonly string[],
  env: AgentEnvironment,
  { model, request }: Wish,
): Promise<Traffic> {
  const context = await openContext(readOptions(argv, env), createSteadyClock(), env);
  try {
    const result = await createAgent(context).takeBack(model, request);
    const { method, path } = ROUTES.takeBack;
    const call = {
      at: context.clock.now(),
      by: { kind: 'on-host' as const },
      method,
      path,
      parameters: { model },
    };
    const end = result.ok ? { status: 200 } : { status: result.error.status, code: result.error.code };
    context.audit.note({ ...call, ...end }, 'deployer');
    if (result.ok) return result.value;
    const { code, message, remedy } = result.error;
    throw new UserError([{ code, message, remedy }]);
  } finally {
    context.store.close();
  }
}

function readWish({ model, to, because }: Readonly<Partial<Record<Flag, string>>>): Wish {
  const wish = z
    .object({ model: modelNameSchema, request: takeBackSchema })
    .safeParse({ model, request: { to, explanation: because } });
  if (wish.success) return wish.data;
  const why = wish.error.issues.map(({ path, message }) => `${String(path.at(-1))}: ${message}`).join('; ');
  throw new UserError([
    {
      code: 'take-back-unclear',
      message: `It is not clear what is to be taken back (${why}).`,
      remedy: 'Say take-back --model <name> [--to <version>] [--because <why>].',
    },
  ]);
}
