import type { MonitorDecision } from './decide-monitor.ts';

/** What a person is to do about it; a retrain is asked for by the monitor itself. A command names its model: there may be several. */
export function describeRemedy(
  { action, wanted, muted }: Pick<MonitorDecision, 'action' | 'wanted' | 'muted'>,
  { model, environment }: { readonly model: string; readonly environment: string },
  champion: string | undefined,
): string {
  switch (action) {
    case 'none':
      if (wanted !== 'none') return 'Nothing is to be done but to wait: what is under way may end it.';
      return muted.length === 0
        ? 'Nothing is wrong any more.'
        : 'Nothing is to be done: what is found is muted.';
    case 'investigate':
      return 'Look into the findings below.';
    case 'retrain':
      return 'A training was asked for.';
    case 'rollback':
      return `Comment \`/rollback ${model} ${environment}\` on a pull request to return to the version before.`;
    case 'rebuild':
      return `Comment \`/deploy ${model} v${champion} ${environment}\` on a pull request: it brings every host to the package that the ledger has of that version.`;
  }
}
