import type { AuditEntry, AuditRest } from './audit-entry.ts';
import { locate } from './locate.ts';

const MORE: Readonly<Record<AuditRest['of'], string>> = {
  labels: 'with labels',
  denied: 'refused with 403',
  refused: 'refused with 401',
};

/** An entry as one line: when, who, what and what became of it. */
export function tellAuditEntry(entry: AuditEntry): string {
  const said = `${entry.at} ${tellCaller(entry.by)} ${tellWhat(entry)}`;
  if ('untold' in entry) return said;
  const { status, code } = entry;
  return `${said} ${status}${code === undefined ? '' : ` ${code}`}`;
}

/** What was asked for; of calls that are not told one by one, how many there were. */
export function tellWhat(entry: AuditEntry): string {
  if ('untold' in entry)
    return `${entry.untold} more ${entry.untold === 1 ? 'call' : 'calls'} in a minute, ${MORE[entry.of]}`;
  return `${entry.method} ${locate(entry, entry.parameters)}`;
}

/** Who asked, as people tell them apart. */
export function tellCaller(by: AuditEntry['by']): string {
  switch (by.kind) {
    case 'token':
      return `${by.role} ${by.fingerprint}`;
    case 'on-host':
    case 'strangers':
      return by.kind;
    case 'stranger':
      return `stranger ${by.address}`;
  }
}
