import type { judgeBudgets } from '../../core/gate/judge/budgets.ts';
import type { PackageOutput } from '../../core/ports.ts';

const WORDS = { fail: '❌ fail', inconclusive: '❔ inconclusive', pass: '✅ pass' } as const;

/** The built package as Markdown: what it is, and what the rules for serving it say. */
export function renderPackage(
  name: string,
  version: string,
  { format, sizeBytes }: PackageOutput,
  { checks }: ReturnType<typeof judgeBudgets>,
): string {
  const rows = checks.map(({ metric, need, verdict, reasons }) => {
    const said = reasons.map(({ message }) => message).join(' ');
    return `| ${metric} | ${need} | ${WORDS[verdict]} | ${said} |`;
  });
  return [
    '### 🏗️ Package built',
    '',
    `\`${name}\``,
    '',
    `Version ${version} as ${format}, ${(sizeBytes / 1e6).toFixed(1)} MB. Its predictions agree with MLflow's own.`,
    ...(rows.length === 0 ? [] : ['', '| rule | needs | verdict | |', '| --- | --- | --- | --- |', ...rows]),
  ].join('\n');
}
