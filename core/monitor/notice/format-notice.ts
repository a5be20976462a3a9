import { type NoticeForm, SCHEMAS } from '../../names.ts';
import { shorten } from '../../report/shorten.ts';
import type { Notice } from './notice.ts';

/** Characters that the services take: https://docs.slack.dev/reference/block-kit/blocks, https://developer.pagerduty.com/docs/send-alert-event */
const SLACK_HEADER = 150;
/** Of Slack; a card of Teams may have 28 KB in all. */
const MOST_TEXT = 3_000;
const PAGERDUTY_SUMMARY = 1_024;
const PAGERDUTY_KEY = 255;
/** So many reasons are told; the page has all. */
const MOST_REASONS = 10;

/** The body that a service expects. `key` is PagerDuty's routing key. No text of a notice is read as markup there. */
export function formatNotice(notice: Notice, form: NoticeForm, key: string): object {
  switch (form) {
    case 'json':
      return { schema: SCHEMAS.notice, ...notice };
    case 'slack':
      return toSlack(notice);
    case 'teams':
      return toTeams(notice);
    case 'pagerduty':
      return toPagerDuty(notice, key);
  }
}

/** Blocks of plain text; `text` is what a phone shows, and the one place where Slack reads its marks, so that those are escaped. */
function toSlack(notice: Notice): object {
  const { title, runUrl } = notice;
  const escaped = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const plain = (text: string, most: number) => ({
    type: 'plain_text',
    text: shorten(text, most),
    emoji: false,
  });
  return {
    text: escaped,
    blocks: [
      { type: 'header', text: plain(title, SLACK_HEADER) },
      ...paragraphsOf(notice).map((text) => ({ type: 'section', text: plain(text, MOST_TEXT) })),
      { type: 'actions', elements: [{ type: 'button', text: plain('The run', SLACK_HEADER), url: runUrl }] },
    ],
  };
}

/** An adaptive card; a text run is shown as it is: https://adaptivecards.io/explorer/TextRun.html */
function toTeams(notice: Notice): object {
  const { title, runUrl } = notice;
  const line = (text: string, isTitle: boolean) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...(isTitle && { weight: 'bolder', size: 'large' }) }],
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    ...{ type: 'AdaptiveCard', version: '1.4' },
    body: [line(title, true), ...paragraphsOf(notice).map((text) => line(shorten(text, MOST_TEXT), false))],
    actions: [{ type: 'Action.OpenUrl', title: 'The run', url: runUrl }],
  };
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  };
}

/** One incident for each model and environment: raised, brought up to date, and resolved. */
function toPagerDuty(notice: Notice, routing_key: string): object {
  const { model, environment, action, codes, title, runUrl, at, isOver } = notice;
  const event = { routing_key, dedup_key: shorten(`trainyard/${model}/${environment}`, PAGERDUTY_KEY) };
  if (isOver) return { ...event, event_action: 'resolve' };
  return {
    ...event,
    event_action: 'trigger',
    payload: {
      summary: shorten(`${title}. ${notice.explanation}`, PAGERDUTY_SUMMARY),
      source: `${model} in ${environment}`,
      severity: SEVERITIES[action],
      timestamp: at,
      component: model,
      group: environment,
      class: codes.join(' '),
      custom_details: { remedy: notice.remedy, reasons: notice.reasons.slice(0, MOST_REASONS) },
    },
    links: [{ href: runUrl, text: 'The run' }],
  };
}

/** `none` here waits for what is under way. */
const SEVERITIES = {
  none: 'info',
  investigate: 'warning',
  retrain: 'warning',
  rebuild: 'critical',
  rollback: 'critical',
} as const satisfies Readonly<Record<Notice['action'], string>>;

function paragraphsOf({ explanation, remedy, reasons }: Notice): readonly string[] {
  const more = reasons.length - MOST_REASONS;
  const listed = reasons.slice(0, MOST_REASONS).map((reason) => `• ${reason}`);
  const rest = more > 0 ? [`and ${more} more`] : [];
  const list = [...listed, ...rest].join('\n');
  return [explanation, ...(list === '' ? [] : [list]), remedy];
}
