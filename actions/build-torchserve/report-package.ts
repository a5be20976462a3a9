import { describePacking } from '../../core/gate/boxes.ts';
import type { judgeBudgets } from '../../core/gate/judge/budgets.ts';
import type { PackageOutput } from '../../core/python-port.ts';
import type { Block, Report } from '../../core/report/report.ts';
import { formatSign, GATE_SIGNS } from '../../core/report/signs.ts';
import { describeBatchSize, type FoundBatchSize } from './batch-size.ts';

type ReportedPackage = {
  readonly name: string;
  readonly version: string;
  /** How its batch size was found, where it was looked for. */
  readonly batching: FoundBatchSize | undefined;
};

/** The built package for people: what it is, what the rules for serving it say, and how its batch size was found. */
export function reportPackage(
  { name, version, batching }: ReportedPackage,
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
    ...(batching === undefined ? [] : describeBatchSize(batching)),
  ];
  return verdict === 'pass'
    ? { sign: 'package-built', blocks }
    : { sign: GATE_SIGNS[verdict], about: `package of version ${version}`, blocks };
}
