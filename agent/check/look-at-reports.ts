import { z } from 'zod';
import { type Checked, errors, fine, passedOver, warnings } from '../../core/check/checked.ts';
import { messageOf, type Problem } from '../../core/errors.ts';
import type { HttpAnswer } from '../machine/exchange-http.ts';
import type { Exchange } from '../machine/reach-out.ts';
import type { AgentOptions } from '../options/options.ts';
import { askGitHub } from '../outbox/ask-github.ts';
import type { DispatchTarget } from '../outbox/dispatch-target.ts';
import { createTokenSource } from '../outbox/github-token.ts';

const TIMEOUT_MS = 10_000;
const ATTEMPTS = 2;
/** GitHub's clock is told by the second; beyond these, in ms, this machine's is wrong, and what it signs is refused. */
const CLOCK_MS = { wrong: 5_000, refused: 60_000 } as const;

const repositorySchema = z.object({
  archived: z.boolean().default(false),
  permissions: z.object({ push: z.boolean() }).optional(),
});

/** Whether GitHub is there and takes this host's reports, and whether this machine's clock agrees with GitHub's. */
export async function lookAtReports(
  { dispatch }: AgentOptions,
  exchange: Exchange,
): Promise<readonly Checked[]> {
  if (dispatch === undefined) {
    const why = 'Without --repository, its token and its secret no report is sent';
    return [
      passedOver('github', `${why}.`),
      passedOver('clock', `${why}, and GitHub is not asked for the time.`),
    ];
  }
  let failure = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    try {
      return await ask(dispatch, exchange);
    } catch (thrown) {
      failure = messageOf(thrown);
    }
  }
  const remedy =
    'See that this host reaches it: --github-api-url, HTTPS_PROXY and --ca-file say how (docs/network.md).';
  return [
    ...errors('github', [{ code: 'github-unreachable', message: `${failure}.`, remedy }]),
    passedOver('clock', 'GitHub did not say what time it is.'),
  ];
}

async function ask(dispatch: DispatchTarget, exchange: Exchange): Promise<readonly Checked[]> {
  const { apiUrl, repository } = dispatch;
  const token = await createTokenSource(dispatch, exchange)(Date.now());
  const url = `${apiUrl}/repos/${repository}`;
  const askedAt = Date.now();
  const answer = await askGitHub(exchange, {
    url,
    headers: {
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
      'user-agent': 'trainyard-agent',
      authorization: `Bearer ${token}`,
    },
    timeoutMs: TIMEOUT_MS,
  });
  if (answer.status >= 500) throw new Error(`GET ${url} answered ${answer.status}`);
  return [...tellRepository(url, repository, answer), tellClock(answer, (askedAt + Date.now()) / 2)].flat();
}

function tellRepository(url: string, repository: string, { status, text }: HttpAnswer): readonly Checked[] {
  const wrong = (problem: Problem) => errors('github', [problem]);
  if (status === 401) {
    const message = `GitHub does not know the token (GET ${url} answered 401).`;
    return wrong({
      code: 'github-token-invalid',
      message,
      remedy: 'Put a new one into --github-token-file.',
    });
  }
  if (status !== 200) {
    const message = `GET ${url} answered ${status}: ${repository} is not there, or the token may not see it.`;
    const remedy = 'See to --repository, and give the token Contents: read and write for it.';
    return wrong({ code: 'repository-unseen', message, remedy });
  }
  const { archived, permissions } = repositorySchema.parse(JSON.parse(text));
  if (archived || permissions?.push === false) {
    const why = archived ? 'it is archived' : 'the token may only read it';
    const message = `${repository} takes no reports: ${why}.`;
    return wrong({
      code: 'repository-read-only',
      message,
      remedy: 'Give a token with Contents: read and write.',
    });
  }
  return [fine('github', `${repository} is seen with the token`)];
}

function tellClock({ headers }: HttpAnswer, now: number): readonly Checked[] {
  const theirs = Date.parse(headers.date ?? '');
  if (Number.isNaN(theirs)) return [passedOver('clock', 'GitHub did not say what time it is.')];
  const aheadMs = now - theirs;
  const told = `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} GitHub's`;
  if (Math.abs(aheadMs) <= CLOCK_MS.wrong)
    return [fine('clock', `within ${CLOCK_MS.wrong / 1_000} s of GitHub's`)];
  const problem = {
    code: 'clock-wrong',
    message: `The clock of this machine is ${told}.`,
    remedy: 'Let it be set: `timedatectl set-ntp true`, or your own time service.',
  };
  return Math.abs(aheadMs) > CLOCK_MS.refused ? errors('clock', [problem]) : warnings('clock', [problem]);
}
