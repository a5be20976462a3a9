import { describe, expect, test } from 'vitest';
import { formatNotice } from '../../../../core/monitor/notice/format-notice.ts';
import type { Notice } from '../../../../core/monitor/notice/notice.ts';

const HOSTILE = '<!channel> *bold* [here](http://evil.test) @everyone & <http://evil.test|here>';
const NOTICE: Notice = {
  model: 'mnist',
  environment: 'production',
  action: 'retrain',
  wanted: 'retrain',
  codes: ['drift-act:age'],
  isOver: false,
  title: `mnist in production: ${HOSTILE}`,
  explanation: HOSTILE,
  remedy: 'A training was asked for.',
  reasons: Array.from({ length: 12 }, (_, i) => `drift-act:x${i}: ${HOSTILE}`),
  runUrl: 'https://github.test/run/1',
  at: '2026-11-21T12:00:00.000Z',
};
const OVER: Notice = { ...NOTICE, action: 'none', wanted: 'none', codes: [], isOver: true, reasons: [] };

/** Every object inside, at any depth. */
function objectsIn(value: unknown): readonly Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.fromEntries(Object.entries(value));
  return [own, ...Object.values(own).flatMap(objectsIn)];
}

describe('a notice', () => {
  test('is itself for who asks for JSON, and says which form it has', () => {
    expect(formatNotice(NOTICE, 'json', '')).toEqual({ schema: 'trainyard.notice/1', ...NOTICE });
  });

  test('is plain text in all of Slack’s blocks, and escaped in the one line that Slack reads', () => {
    const body = formatNotice(NOTICE, 'slack', '');
    const texts = objectsIn(body).filter((object) => 'emoji' in object);
    expect(texts).toHaveLength(5);
    for (const text of texts) expect(text).toMatchObject({ type: 'plain_text', emoji: false });
    expect(body).toHaveProperty('text', expect.stringContaining('&lt;!channel&gt;'));
    expect(body).toHaveProperty('text', expect.not.stringMatching(/[<>]/));
    expect(JSON.stringify(body)).toContain('and 2 more');
    expect(JSON.stringify(body)).not.toContain('mrkdwn');
  });

  test('keeps to the lengths that Slack and PagerDuty take', () => {
    const long = { ...NOTICE, title: 'é'.repeat(5_000), explanation: '😀'.repeat(5_000) };
    const blocks = objectsIn(formatNotice(long, 'slack', '')).filter((object) => 'emoji' in object);
    expect(Math.max(...blocks.map(({ text }) => Array.from(String(text)).length))).toBe(3_000);
    expect(formatNotice(long, 'pagerduty', 'key')).toMatchObject({
      payload: { summary: expect.stringMatching(/^.{1024}$/u) },
    });
  });

  test('is text runs on a card of Teams, none of which is read as Markdown', () => {
    const cards = objectsIn(formatNotice(NOTICE, 'teams', ''));
    expect(cards.filter(({ type }) => type === 'TextBlock')).toEqual([]);
    expect(cards.filter(({ type }) => type === 'TextRun')).toHaveLength(4);
    expect(cards).toContainEqual({ type: 'Action.OpenUrl', title: 'The run', url: NOTICE.runUrl });
  });

  test('raises one incident of PagerDuty for a model in an environment, and resolves that', () => {
    const dedup_key = 'trainyard/mnist/production';
    expect(formatNotice(NOTICE, 'pagerduty', 'key')).toMatchObject({
      ...{ routing_key: 'key', event_action: 'trigger', dedup_key },
      payload: { severity: 'warning', component: 'mnist', group: 'production', timestamp: NOTICE.at },
    });
    expect(formatNotice({ ...NOTICE, action: 'rollback' }, 'pagerduty', 'key')).toMatchObject({
      payload: { severity: 'critical' },
    });
    expect(formatNotice(OVER, 'pagerduty', 'key')).toEqual({
      routing_key: 'key',
      event_action: 'resolve',
      dedup_key,
    });
  });
});
