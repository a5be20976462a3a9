import { compareInstants } from '../../instant.ts';
import { environmentOf } from '../../ledger/state.ts';
import { formatMinute } from '../../report/format-day.ts';
import { formatCount } from '../../report/format-number.ts';
import { type Content, element, type Markup } from '../../report/html.ts';
import { SAID } from '../say-action.ts';
import { dataTable, section } from './figures.ts';
import type { PageSubject } from './page-subject.ts';
import { tell } from './tell.ts';

const LISTED = 40;

type Entry = { readonly at: string; readonly what: Content; readonly why: string };

/** What the monitor decided and which versions came and went, as the ledger has it, the newest first. */
export function showDecisions(subject: PageSubject): readonly Markup[] {
  const entries = [...listJudgements(subject), ...listVersions(subject)].toSorted((a, b) =>
    compareInstants(b.at, a.at),
  );
  if (entries.length === 0) return [];
  const rows = entries
    .slice(0, LISTED)
    .map(({ at, what, why }) => [formatMinute(at), what, tell(why, subject.input)]);
  const more = entries.length > LISTED ? `, ${LISTED} of ${formatCount(entries.length)}` : '';
  const caption = `From the ledger, the newest first${more}. The monitor is recorded where its decision changed.`;
  return [
    section(
      'decisions',
      'Decisions and versions',
      dataTable(caption, [{ title: 'When' }, { title: 'What' }, { title: 'Why' }], rows),
    ),
  ];
}

function listJudgements({ events, input: { environment } }: PageSubject): readonly Entry[] {
  return events.flatMap((event) => {
    if (event.kind !== 'monitor.judged' || event.data.environment !== environment) return [];
    const { action, explanation } = event.data;
    return [
      {
        at: event.at,
        what: ['Monitor: ', element('strong', {}, SAID[action].toLowerCase())],
        why: explanation,
      },
    ];
  });
}

function listVersions({ input: { ledger, environment } }: PageSubject): readonly Entry[] {
  return environmentOf(ledger, environment).history.map(({ at, version, outcome, explanation }) => ({
    at,
    what:
      outcome === 'promoted'
        ? ['Version ', element('strong', {}, version), ' became champion']
        : ['Version ', element('strong', {}, version), ' was taken back'],
    why: explanation,
  }));
}
