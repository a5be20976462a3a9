import type { AuditCaller } from '../../core/serving/audit-entry.ts';
import type { Agent } from '../agent.ts';
import type { ApiCall, Body } from '../http/call.ts';
import { createTokenBook } from '../options/token-book.ts';
import { fingerprintOf } from '../options/tokens.ts';
import { identify, isStillGood, requireRole } from './authorize.ts';
import type { Handler } from './handle.ts';
import { Refusal } from './refusal.ts';

/** Of a stranger's path no more is written down, in characters. */
const MOST_WRITTEN = 200;

/**
 * Answers requests of a route, of those only that bear a token of its role unless access is open, and writes down who changed something, or
 * was refused. What a request holds, and its token, are written nowhere.
 */
export function createAnswerer(
  agent: Agent,
  access: 'by-token' | 'open',
): (call: ApiCall, handler: Handler) => Promise<Body> {
  const { audit, clock } = agent.context;
  const tokens = createTokenBook(agent.context);
  return async (call, { route, answer }) => {
    let by: AuditCaller =
      access === 'open' ? { kind: 'on-host' } : { kind: 'stranger', address: addressOf(call) };
    let isStillAllowed = () => true;
    const noteEnd = (status: number, code?: string) => {
      const isRead = route.method === 'GET' && by.kind !== 'stranger' && status !== 403;
      if (isRead || route.role === undefined) return;
      const { method, path } = route;
      const parameters = cutShort(call.parameters);
      const noted = { at: clock.now(), by, method, path, parameters, status };
      audit.note({ ...noted, ...(code !== undefined && { code }) }, route.role);
    };
    try {
      if (route.role !== undefined && access === 'by-token') {
        const token = identify(call, tokens());
        by = { kind: 'token', role: token.role, fingerprint: fingerprintOf(token) };
        const { role } = route;
        requireRole(token, role);
        isStillAllowed = () => isStillGood(token, role, tokens());
      }
      const body = await answer(call, agent, isStillAllowed);
      noteEnd(call.answer.status);
      return body;
    } catch (thrown) {
      if (thrown instanceof Refusal) noteEnd(thrown.status, thrown.code);
      else noteEnd(500, 'internal');
      throw thrown;
    }
  };
}

/** Where a request came from; nothing where it came over no socket. */
export function addressOf({ socket }: Pick<ApiCall, 'socket'>): string {
  return socket?.remoteAddress ?? '';
}

function cutShort(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [name, value.slice(0, MOST_WRITTEN)]),
  );
}
