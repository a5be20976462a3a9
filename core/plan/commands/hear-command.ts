import { type Ignored, ignore, type Refused } from '../decision.ts';
import { addressCommand, type Models } from './address-command.ts';
import { type ParsedCommand, parseCommand } from './parse-command.ts';

/** A comment's command as the run of one model hears it; `isForAll` when it names none of several models. */
type Heard = { readonly kind: 'heard'; readonly parsed: ParsedCommand | Refused; readonly isForAll: boolean };

/**
 * Hears the command of a comment, or why it is not for this run. What names none of several models is heard by one run, which answers
 * for all; but each tells its own status.
 */
export function hearCommand(body: string, models: Models): Heard | Ignored {
  const addressed = addressCommand(body, models);
  if (addressed.kind === 'other') return ignore('other-model', `This is for ${addressed.model}.`);
  const parsed = parseCommand(addressed.body);
  if (parsed.kind === 'ignore') return parsed;
  if (addressed.kind === 'own') return { kind: 'heard', parsed, isForAll: false };
  const asksEach = parsed.kind === 'command' && parsed.command.name === 'status';
  if (!addressed.answers && !asksEach) {
    return ignore('other-model', `It names no model, and the run of ${models.all[0]} answers that.`);
  }
  return { kind: 'heard', parsed, isForAll: true };
}
