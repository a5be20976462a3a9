import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { requestLogFile } from '../../agent/envoy/request-log.ts';
import { REQUEST_ID_HEADER } from '../../core/names.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { release } from './support/held-backend.ts';
import { MODEL, type ProxiedBackends, startProxiedBackends } from './support/proxied-backends.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const SECRET = 'weight-of-the-patient';

const lineSchema = z.strictObject({
  at: z.iso.datetime(),
  request: z.string(),
  trace: z.string().nullable(),
  version: z.string().nullable(),
  status: z.number(),
  flags: z.string(),
  milliseconds: z.number(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  protocol: z.string(),
});

/** Real Envoy: what it writes of requests, and what it hands on of their traces. */
describe.skipIf(!HAS_TOOLCHAIN)('the log of requests', () => {
  let all: ProxiedBackends;
  let some: ProxiedBackends;
  beforeAll(async () => {
    [all, some] = [await startProxiedBackends(1), await startProxiedBackends(0.25)];
  }, 60_000);
  afterAll(async () => {
    for (const { stop } of [all, some]) await stop();
  }, 30_000);

  const ask = ({ port }: ProxiedBackends, headers: Record<string, string>, query = '') =>
    fetch(`http://127.0.0.1:${port}/predictions/${MODEL}${query}`, {
      ...{ method: 'POST', headers, body: `{"inputs":["${SECRET}"]}` },
    });
  const textOf = ({ folder }: ProxiedBackends) => readFileSync(requestLogFile(folder), 'utf8');
  const linesOf = (of: ProxiedBackends) =>
    textOf(of)
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [lineSchema.parse(JSON.parse(line))]));
  const lineOf = async (of: ProxiedBackends, id: string) => {
    const find = () => linesOf(of).find(({ request }) => request === id);
    await waitFor(async () => find() !== undefined, `a line of ${id}`);
    return find();
  };

  test('tells id, trace, version, status and size of a request, and nothing of what it held', async () => {
    const headers = { [REQUEST_ID_HEADER]: 'asked-1', traceparent: TRACE, authorization: SECRET };
    const answer = await ask(all, { ...headers, cookie: SECRET, 'user-agent': SECRET }, `?of=${SECRET}`);
    expect(answer.status).toBe(200);
    expect(await lineOf(all, 'asked-1')).toMatchObject({
      ...{ trace: TRACE, version: `${MODEL}@1`, status: 200, flags: '-', protocol: 'HTTP/1.1' },
      ...{ bytesIn: 36, bytesOut: 19 },
    });
    expect(textOf(all)).not.toContain(SECRET);
  });

  test('tells of a request that failed, and of one that no version was there for', async () => {
    all.stable.breaks = true;
    await ask(all, { [REQUEST_ID_HEADER]: 'broken' });
    release(all.stable);
    expect(await lineOf(all, 'broken')).toMatchObject({ version: `${MODEL}@1`, status: 503 });
    await fetch(`http://127.0.0.1:${all.port}/predictions/none`, {
      headers: { [REQUEST_ID_HEADER]: 'nowhere' },
    });
    expect(await lineOf(all, 'nowhere')).toMatchObject({ version: null, status: 404, trace: null });
  });

  test('hands the trace of its caller on to the version, as it came', async () => {
    await ask(all, { traceparent: TRACE, tracestate: 'vendor=1', baggage: 'team=credit' });
    expect(all.stable.last?.headers).toMatchObject({
      ...{ traceparent: TRACE, tracestate: 'vendor=1', baggage: 'team=credit' },
    });
  });

  test('holds a share of them', async () => {
    const [asked, share] = [400, 0.25];
    for (let sent = 0; sent < asked; sent += 1) await ask(some, {});
    const isLater = ({ request }: { readonly request: string }) => request === 'later';
    // Lines are written in their order, a moment later: once a request that came after the others is there, so are they.
    const isWritten = async () => {
      await ask(some, { [REQUEST_ID_HEADER]: 'later' });
      return linesOf(some).some(isLater);
    };
    await waitFor(isWritten, 'a request after them');
    const written = linesOf(some).filter((line) => !isLater(line)).length;
    const deviations = 6 * Math.sqrt(asked * share * (1 - share));
    expect(Math.abs(written - asked * share)).toBeLessThan(deviations);
  });
});
