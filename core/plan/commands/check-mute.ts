import type { Config } from '../../config/config.ts';
import { findMuteBar } from '../../ledger/mutes/find-mute-bar.ts';
import { MAX_MUTE_REASON, mutesAt } from '../../ledger/mutes/mute.ts';
import { environmentOf, type LedgerState } from '../../ledger/state.ts';
import { err, ok, type Result } from '../../result.ts';
import { chooseEnvironment } from '../choose-environment.ts';
import { type Refused, refuse } from '../decision.ts';
import type { PlannedOperation } from '../hand-over.ts';

type Wanted = Pick<PlannedOperation, 'operation' | 'environment' | 'finding' | 'reason' | 'word'>;

/**
 * Where a finding is muted, or is no longer, and whether it may be. A word that could be an environment's and is none is refused, and
 * never taken for the reason: what nobody meant would be silent.
 */
export function checkMute(
  wanted: Wanted,
  config: Config,
  state: LedgerState,
): Result<{ readonly environment: string }, Refused> {
  const { operation, finding = '' } = wanted;
  const chosen = chooseEnvironment({ config, state, named: wanted.environment, otherwise: 'default' });
  if (!chosen.ok) return err(withForm(chosen.error));
  const environment = chosen.value;
  const bar = operation === 'unmute' ? checkMuted(wanted, state, environment) : checkReason(wanted, config);
  if (bar !== undefined) return err(bar);
  const never = operation === 'unmute' ? undefined : findMuteBar(finding);
  return never === undefined ? ok({ environment }) : err(refuse(never.code, never.message, never.remedy));
}

function withForm({ code, message, remedy }: Refused): Refused {
  return refuse(code, message, `${remedy} A reason stands after the time: \`for 7d the reason\`.`);
}

function checkReason({ environment, reason = '' }: Wanted, config: Config): Refused | undefined {
  const [first = ''] = reason.split(' ');
  if (environment === undefined && Object.hasOwn(config.environments, first.toLowerCase())) {
    const message = `\`${first}\` stands after the time, where a reason does.`;
    return refuse('bad-argument', message, `Write it before the time: \`${first} for 7d\`.`);
  }
  if (reason.length <= MAX_MUTE_REASON) return undefined;
  const message = `The reason has ${reason.length} characters.`;
  return refuse('bad-argument', message, `Say it in ${MAX_MUTE_REASON} at most.`);
}

function checkMuted(
  { finding = '', word }: Wanted,
  state: LedgerState,
  environment: string,
): Refused | undefined {
  const { mutes = [] } = environmentOf(state, environment);
  const codes = (word === undefined ? mutes : mutesAt({ mutes }, word.at)).map(({ code }) => code);
  if (codes.includes(finding)) return undefined;
  const listed = codes.map((code) => `\`${code}\``).join(', ');
  return refuse(
    'not-muted',
    `\`${finding}\` is not muted in ${environment}.`,
    listed === '' ? 'Nothing is muted there.' : `What is muted there: ${listed}.`,
  );
}
