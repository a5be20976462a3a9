import { LABELS_WORSE } from '../../drift/labels/judge-labels.ts';
import { environmentOf } from '../../ledger/state.ts';
import { formatLongDay, formatMinute } from '../../report/format-day.ts';
import { formatCount } from '../../report/format-number.ts';
import { element, link, type Markup, renderDocument } from '../../report/html.ts';
import { VERSION } from '../../version.ts';
import type { MonitorAction } from '../finding.ts';
import { section } from './figures.ts';
import { PAGE_STYLE } from './page-style.ts';
import type { PageSubject } from './page-subject.ts';
import { sayVerdict } from './say-verdict.ts';
import { showAccuracy } from './show-accuracy.ts';
import { showAnswers } from './show-answers.ts';
import { showDecisions } from './show-decisions.ts';
import { showDrift } from './show-drift.ts';
import { showHealth } from './show-health.ts';
import { showTraffic } from './show-traffic.ts';
import { tell } from './tell.ts';

const SHIFT_CODE = /^(?:drift-act|drift-warn|skew):/;
/** So many findings are told one by one, the most urgent first. */
const MOST_FINDINGS = 20;

/** How each decision looks from afar. */
const TONES: Readonly<Record<MonitorAction, 'good' | 'open' | 'bad'>> = {
  none: 'good',
  investigate: 'open',
  retrain: 'bad',
  rebuild: 'bad',
  rollback: 'bad',
};

/**
 * The report of one check as a page: HTML in one file that needs nothing else, runs nothing and loads nothing. What matters most comes
 * first. Inputs themselves are not in it, only how many of them fell where.
 */
export function renderMonitorPage(subject: PageSubject): string {
  const { ledger, environment, now } = subject.input;
  const title = `${ledger.model} in ${environment}, ${formatLongDay(now)}`;
  const [findings, drift, accuracy] = [showFindings(subject), showDrift(subject), showAccuracy(subject)];
  const isOfLabels = subject.decision.codes.includes(LABELS_WORSE);
  const main = element(
    'main',
    {},
    ...(isOfLabels ? accuracy : []),
    ...(isOfShift(subject) ? [...drift, ...findings] : [...findings, ...drift]),
    ...showAnswers(subject),
    ...(isOfLabels ? [] : accuracy),
    ...showTraffic(subject),
    ...showHealth(subject),
    ...showDecisions(subject),
  );
  const foot = element(
    'footer',
    {},
    `Made by Trainyard ${VERSION} for one check of the monitor. All days and times are UTC. Counts and summaries only: what clients sent is not in this page. `,
    link('The run that made it', subject.runUrl),
  );
  return renderDocument(title, PAGE_STYLE, element('body', {}, showHead(subject), main, foot));
}

function showHead({ decision, input }: PageSubject): Markup {
  const { ledger, environment, now } = input;
  const { champion } = environmentOf(ledger, environment);
  const version = champion === undefined ? 'nothing deployed' : `version ${champion.version}`;
  const { headline, sentence, since, done } = sayVerdict(decision, input);
  const facts = [
    fact('What is done', tell(done, input)),
    ...(since === undefined ? [] : [fact('Since', formatLongDay(since))]),
    ...(champion === undefined
      ? []
      : [fact('Champion', `Version ${champion.version}, since ${formatLongDay(champion.at)}`)]),
  ];
  return element(
    'header',
    {},
    element('p', { class: 'about' }, `${ledger.model} in ${environment} · ${version} · ${formatMinute(now)}`),
    element(
      'div',
      { class: `verdict ${TONES[decision.wanted]}` },
      element('h1', {}, headline),
      element('p', { class: 'lead' }, tell(sentence, input)),
    ),
    element('dl', { class: 'facts' }, facts),
  );
}

function fact(name: string, value: string | Markup): Markup {
  return element('div', {}, element('dt', {}, name), element('dd', {}, value));
}

function isOfShift({ decision }: PageSubject): boolean {
  return decision.codes.some((code) => SHIFT_CODE.test(code));
}

/** A shift and a loss of accuracy have their pictures, which say more. */
function showFindings({ decision, input }: PageSubject): readonly Markup[] {
  const reasons = decision.reasons.filter(({ code }) => !SHIFT_CODE.test(code) && code !== LABELS_WORSE);
  if (reasons.length === 0) return [];
  const title = reasons.length < decision.reasons.length ? 'What else was found' : 'What was found';
  const items = reasons
    .slice(0, MOST_FINDINGS)
    .map(({ message }) => element('li', {}, tell(capitalise(message), input)));
  const more = reasons.length - items.length;
  if (more > 0) items.push(element('li', {}, `and ${formatCount(more)} more`));
  return [section('findings', title, element('ul', { class: 'findings' }, items))];
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
