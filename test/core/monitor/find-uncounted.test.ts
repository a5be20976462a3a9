import { describe, expect, it } from 'vitest';
import { decideMonitor } from '../../../core/monitor/decide-monitor.ts';
import { input } from './support.ts';

/** A check in which the one host has answered so many requests and counted so many predictions. */
function check(answered: number, counted: number, over = {}) {
  const { hosts, ...rest } = input();
  return decideMonitor({
    ...rest,
    hosts: hosts.map((host) => ({ ...host, counting: { answered, counted } })),
    ...over,
  });
}

describe('a host that answers and counts nothing of it', () => {
  it('is told with both numbers, and people are asked to look', () => {
    const { action, codes, explanation } = check(7_978, 0);
    expect(action).toBe('investigate');
    expect(codes).toEqual(['uncounted']);
    expect(explanation).toMatch(/answered 7.978 requests with the champion and counted 0 predictions/);
  });

  it.each([
    ['counts about as much as it answers', 7_978, 7_000],
    ['counts more rows than there were requests', 1_000, 50_000],
    ['has hardly answered', 150, 0],
  ])('is no finding where it %s', (_, answered, counted) => {
    expect(check(answered, counted)).toMatchObject({ action: 'none', codes: [] });
  });

  it('is no finding where the champion has no profile that anything could be counted by', () => {
    const unjudged = { code: 'profile-none', metric: 'windows', message: 'It came without a profile.' };
    expect(check(7_978, 0, { unjudged }).codes).not.toContain('uncounted');
  });
});
