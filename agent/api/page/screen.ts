import { type ComponentChild, h } from 'preact';
import { formatPercent } from '../../../core/report/format-number.ts';
import type { ChartView } from '../../../core/serving/screen/view/view.ts';
import type { RolloutView } from '../../../core/serving/screen/view/view-rollout.ts';
import type { ModelView, ScreenView } from '../../../core/serving/screen/view/view-screen.ts';
import type { SharesView } from '../../../core/serving/screen/view/view-versions.ts';
import { facts, figure, heeds, table } from './parts.ts';

/** How fresh the page is. */
export type Freshness = { readonly isLive: boolean; readonly text: string };

/** The page: the host, what needs attention, each model, and the versions on the host. */
export function screen(view: ScreenView, { isLive, text }: Freshness): ComponentChild {
  return h(
    'div',
    null,
    h(
      'header',
      null,
      h('h1', null, view.host),
      h('p', { class: isLive ? 'live' : 'lost', role: 'status' }, text),
      view.models.length > 1
        ? h(
            'nav',
            { 'aria-label': 'Models' },
            view.models.map(({ model }) => h('a', { key: model, href: `#${anchorOf(model)}` }, model)),
          )
        : null,
    ),
    h(
      'main',
      null,
      heeds(view.heeds),
      h('section', { 'aria-label': 'Host' }, facts(view.facts)),
      view.models.length === 0 ? h('p', { class: 'quiet' }, 'No model has traffic here yet.') : null,
      view.models.map((model) => modelSection(model)),
      h(
        'section',
        { 'aria-labelledby': 'instances', class: 'card' },
        h('h2', { id: 'instances' }, 'Versions'),
        table(view.instances),
      ),
      h(
        'section',
        { 'aria-labelledby': 'events', class: 'card' },
        h('h2', { id: 'events' }, 'Events'),
        table(view.events),
      ),
    ),
  );
}

function anchorOf(model: string): string {
  return `model-${encodeURIComponent(model)}`;
}

function modelSection({
  model,
  shares,
  versions,
  rollout,
  history,
  watch,
  drift,
}: ModelView): ComponentChild {
  const id = anchorOf(model);
  return h(
    'section',
    { key: model, 'aria-labelledby': id, class: 'card' },
    h('h2', { id }, model),
    sharesBar(shares),
    table(versions),
    rollout === undefined ? null : rolloutSection(rollout, id),
    h('h3', null, 'Last 24 hours'),
    history === undefined ? h('p', { class: 'quiet' }, 'Being added up…') : figures(history.charts),
    history === undefined ? null : table(history.rollouts),
    history === undefined ? null : figures(history.evidence),
    watch.length === 0 && drift === undefined ? null : h('h3', null, 'Data and labels'),
    facts(watch),
    drift === undefined ? null : table(drift),
  );
}

function figures(charts: readonly ChartView[]): ComponentChild {
  return h(
    'div',
    { class: 'charts' },
    charts.map((chart) => h('div', { key: chart.title }, figure(chart))),
  );
}

function sharesBar({ parts, notes }: SharesView): ComponentChild {
  return h(
    'div',
    null,
    h(
      'div',
      { class: 'bar', 'aria-hidden': 'true' },
      parts.map(({ arm, percent }) =>
        h('span', { key: arm, class: arm, style: { flexBasis: `${percent}%` } }),
      ),
    ),
    h(
      'ul',
      { class: 'legend', 'aria-label': 'Shares of requests' },
      parts.map(({ arm, version, percent }) =>
        h(
          'li',
          { key: arm, class: `${arm}-line` },
          h('strong', null, `v${version}`),
          ` ${arm} ${formatPercent(percent / 100)}`,
        ),
      ),
    ),
    notes.map((note) => h('p', { key: note, class: 'quiet' }, note)),
  );
}

function rolloutSection(
  { name, verdict, facts: times, stages, evidence, crossing, harms }: RolloutView,
  id: string,
): ComponentChild {
  const heading = `${id}-rollout`;
  return h(
    'section',
    { 'aria-labelledby': heading },
    h('h3', { id: heading }, `Rollout ${name}`),
    h('p', null, verdict),
    facts(times),
    table(stages),
    figure(evidence),
    h('p', null, crossing),
    h('details', null, h('summary', null, 'Evidence by kind of harm'), table(harms)),
  );
}
