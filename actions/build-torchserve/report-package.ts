import { describePacking } from '../../core/gate/boxes.ts';
import type { judgeBudgets } from '../../core/gate/judge/budgets.ts';
import type { PackageOutput } from '../../core/python-port.ts';
import type { Block, Report } from '../../core/report/report.ts';
import { formatSign, GATE_SIGNS } from '../../core/report/signs.ts';

/** The built package for people: what it is, and what the rules for serving it say. */
export function reportPackage(
  name: string,
  version: string,
  { format, sizeBytes, box }: PackageOutput,
  { verdict, checks }: ReturnType<typeof judgeBudgets>,
): Report {
  const rows = checks.map((check) => {
    const said = check.reasons.map(({ message }) => message).join(' ');
    return [check.metric, check.need, formatSign(check.verdict), said];
  });
  const size = `${(sizeBytes / 1e6).toFixed(1)} MB`;
  const blocks: readonly Block[] = [
    { kind: 'paragraph', text: [{ kind: 'code', text: name }] },
    {
      kind: 'paragraph',
      text: `Version ${version} as ${format}, ${size}. Its predictions agree with MLflow's own. ${describePacking(box)}`,
    },
    ...(rows.length === 0
      ? []
      : [{ kind: 'table', columns: ['rule', 'needs', 'verdict', ''], rows } as const]),
  ];
  return verdict === 'pass'
    ? { sign: 'package-built', blocks }
    : { sign: GATE_SIGNS[verdict], about: `package of version ${version}`, blocks };
}
