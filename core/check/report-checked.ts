import type { Problem } from '../errors.ts';
import type { Block, Report } from '../report/report.ts';
import type { Checked } from './checked.ts';

/** What a check found, for a pull request and the summary of a job: what is wrong first, each at its place, the rest folded. */
export function reportChecked(checked: readonly Checked[]): Report {
  const flawed = checked.filter((one) => one.kind === 'flawed');
  const errors = flawed.filter(({ level }) => level === 'error');
  const others = flawed.filter(({ level }) => level === 'warning');
  const rest = checked.flatMap((one) =>
    one.kind === 'flawed' ? [] : [`${one.kind === 'fine' ? '✓' : '–'} ${one.subject}: ${one.text}`],
  );
  const isWrong = errors.length > 0;
  return {
    sign: isWrong ? 'check-failed' : 'check-passed',
    blocks: [
      ...list(
        'What a push would fail on:',
        errors.map(({ problem }) => problem),
      ),
      ...list(
        'What may do harm:',
        others.map(({ problem }) => problem),
      ),
      ...(flawed.length > 0 ? [] : [{ kind: 'paragraph' as const, text: 'Nothing stands against a push.' }]),
      ...(rest.length === 0
        ? []
        : [
            {
              kind: 'details' as const,
              title: `${rest.length} looks without a finding`,
              blocks: [{ kind: 'list' as const, items: rest }],
            },
          ]),
    ],
  };
}

function list(title: string, problems: readonly Problem[]): readonly Block[] {
  if (problems.length === 0) return [];
  return [
    { kind: 'paragraph', text: title },
    {
      kind: 'list',
      items: problems.map(({ code, message, remedy, where }) => [
        ...(where?.kind === 'file'
          ? [{ kind: 'code' as const, text: [where.file, where.line].filter(Boolean).join(':') }, ' ']
          : []),
        `${message} ${remedy} (${code})`,
      ]),
    },
  ];
}
