import { z } from 'zod';
import { atLeastOne, messageOf, UserError } from '../../core/errors.ts';
import { tellAuditEntry } from '../../core/serving/tell-audit-entry.ts';
import type { AgentEnvironment } from '../open-context.ts';
import { readValues } from '../options/read-values.ts';
import { splitFlags } from '../options/split-flags.ts';
import { readAudit } from './audit-log.ts';

const FLAGS = { json: 'boolean', limit: 'string' } as const;
const limitSchema = z.coerce.number().int().positive().default(100);

/**
 * The newest calls that changed something on this host or were refused, a line each, from the data folder: whether or not an agent runs.
 * `--limit` says how many, `--json` gives each as JSON. Throws a UserError where they can't be read.
 */
export function tellAudit(
  argv: readonly string[],
  env: AgentEnvironment,
): { readonly lines: readonly string[]; readonly code: 0 } {
  const { flags, rest } = splitFlags(argv, FLAGS);
  const { values, problems } = readValues(rest, env);
  if (values === undefined || problems.length > 0) throw new UserError(atLeastOne(problems));
  const limit = limitSchema.safeParse(flags.limit);
  if (!limit.success) throw unreadable('--limit is no number', 'Say how many of the newest are to be told.');
  try {
    const entries = readAudit(values.dataDir, limit.data);
    const tell = flags.json === undefined ? tellAuditEntry : JSON.stringify;
    return { lines: entries.map((entry) => tell(entry)), code: 0 };
  } catch (thrown) {
    throw unreadable(messageOf(thrown), 'Name the folder of the agent with --data-dir, and ask as its user.');
  }
}

function unreadable(why: string, remedy: string): UserError {
  return new UserError([{ code: 'audit-unreadable', message: `The calls can't be read: ${why}.`, remedy }]);
}
