import type { HttpDependencies } from '../../adapters/network/http.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import type { Draws } from '../simulate/draws.ts';
import type { WorldHost } from './host/host.ts';
import { release, TextFile } from './machine.ts';
import type { Actor, Scheduler } from './scheduler.ts';

type Network = {
  readonly time: Scheduler;
  readonly draws: Draws;
  readonly hosts: readonly WorldHost[];
};

/** One way through the network, in ms. */
const WAY_MS = { least: 2, most: 30 } as const;
/** How long a host that is busy takes to answer. */
const SLOW_WAY_MS = 6_000;
/** A reverse proxy in front of an agent says so when the agent does not answer. */
const BAD_GATEWAY = 502;

/** HTTP from an actor's machine to the agents. Whatever is lost on the way is waited for until the caller's own time limit. */
export function connectTo({ time, draws, hosts }: Network, actor: Actor): HttpDependencies {
  const byUrl = new Map(hosts.map((host) => [host.url, host]));
  const send = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const url = input instanceof URL ? input : new URL(input instanceof Request ? input.url : input);
    const host = byUrl.get(url.origin);
    if (host === undefined) throw unreachable('ENOTFOUND');
    const signal = init.signal ?? undefined;
    const way = (host.is('slowUntil') ? SLOW_WAY_MS : 0) + WAY_MS.least + draws.uniform() * WAY_MS.most;
    await time.sleep(way, actor, signal);
    if (host.is('partitionedUntil')) return never(actor, signal);
    if (host.is('badGatewayUntil')) return new Response('Bad Gateway', { status: BAD_GATEWAY });
    const app = host.running()?.app();
    if (app === undefined) throw unreachable('ECONNREFUSED');
    const { body, headers, method } = init;
    const request = new Request(url, {
      ...(method !== undefined && { method }),
      ...(headers !== undefined && { headers }),
      ...(body != null && { body: body instanceof TextFile ? body.content : body }),
    });
    const answered = await Promise.race([askApp(app, request), never(actor, signal)]);
    await time.sleep(WAY_MS.least + draws.uniform() * WAY_MS.most, actor, signal);
    if (host.is('answersLostUntil') || host.is('partitionedUntil')) return never(actor, signal);
    host.sawAnswer();
    return answered;
  };
  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    try {
      return await send(input, init);
    } finally {
      release(init.signal ?? undefined);
    }
  };
  return { fetch, random: draws.uniform, wait: (ms, signal) => time.sleep(ms, actor, signal) };
}

/** No answer comes: only the caller's time limit ends the wait. */
function never(actor: Actor, signal: AbortSignal | undefined): Promise<Response> {
  return new Promise((_resolve, reject) => {
    const abort = () => {
      if (actor.isAlive) reject(signal?.reason);
    };
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}

function unreachable(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}
