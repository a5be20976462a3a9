import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createAgent } from '../../../agent/agent.ts';
import { createApp, listen } from '../../../agent/api/server.ts';
import { agentStateSchema } from '../../../core/serving/api.ts';
import { renderFleetPage } from '../../../core/serving/fleet/fleet-page.ts';
import { viewFleet } from '../../../core/serving/fleet/view-fleet.ts';
import { outlookSchema } from '../../../core/serving/screen/outlook.ts';
import type { ScreenEvent } from '../../../core/serving/screen/screen-routes.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import { type Camera, findChromium, openCamera } from '../../../sandbox/pages/chromium.ts';
import { type FakeHost, openFakeHost } from '../support/fake-context.ts';
import { PAST_ROLLOUT, SCENES, setScene } from './scenes.ts';

const CHROMIUM = findChromium();
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const SIGNED_IN = `sessionStorage.setItem('token', ${JSON.stringify(TOKENS.reader)})`;
const IS_DRAWN = `document.querySelector('.live') !== null && document.querySelectorAll('canvas').length >= 3`;
const WIDTHS = [1280, 390] as const;
/** What the page looked like in each state is left here, to be looked at. */
const PICTURES = `${ROOT}/.trainyard/reports/page`;

const violationsSchema = z.array(z.object({ id: z.string(), nodes: z.array(z.string()) }));
const textsSchema = z.array(z.array(z.string()));

describe.skipIf(CHROMIUM === undefined)('the page in Chromium (skipped where there is none)', () => {
  let camera: Camera;
  let host: FakeHost;
  let server: Server;
  beforeAll(async () => {
    camera = await openCamera(CHROMIUM ?? '');
  });
  afterAll(() => camera.close());
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    host.close();
  });

  /** A host on which time passes by waiting alone. */
  async function serve(scene: (typeof SCENES)[number]): Promise<string> {
    host = openFakeHost({ listen: '127.0.0.1:0' });
    const wait = async (ms: number, signal?: AbortSignal) => {
      await sleep(ms, undefined, { ref: false, ...(signal && { signal }) });
      host.world.now += ms;
    };
    Object.assign(host.context.clock, { wait });
    await setScene(host, scene);
    const agent = createAgent(host.context);
    server = await listen(createApp(agent), agent);
    return `http://127.0.0.1:${portOf(server)}`;
  }

  test.each(SCENES)(
    'breaks no rule of axe-core, stays within its width and asks nobody else: %s',
    async (scene) => {
      const url = await serve(scene);
      for (const width of WIDTHS) {
        for (const scheme of ['light', 'dark'] as const) {
          await camera.open({ url: `${url}/`, width, prepare: SIGNED_IN, until: IS_DRAWN }, scheme);
          await expectSound(camera, `${scene}-${width}-${scheme}`);
        }
      }
      const asked = z
        .array(z.string())
        .parse(await camera.evaluate(`performance.getEntriesByType('resource').map(({ name }) => name)`));
      expect(asked.filter((name) => !name.startsWith(url))).toEqual([]);
    },
  );

  test('says the numbers of the API at the same moment, and those that come later', async () => {
    const url = await serve('canary');
    await camera.open({ url: `${url}/`, width: 1280, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
    const headers = { authorization: `Bearer ${TOKENS.reader}` };
    const state = agentStateSchema.parse(await (await fetch(`${url}/v1/state`, { headers })).json());
    const asked = await fetch(`${url}/v1/models/mnist/outlook`, { headers });
    const { latency, rollout } = outlookSchema.parse(await asked.json());
    const rows = await readTable(camera, 'Requests and latency');
    expect(rows.map(([version, role, ...numbers]) => [version, role, ...numbers.map(readNumber)])).toEqual(
      Object.entries(state.seen?.['mnist'] ?? {}).map(([version, seen]) => {
        const role = version === state.traffic['mnist']?.candidate ? 'candidate' : 'stable';
        const { p50 = Number.NaN, p95 = Number.NaN, p99 = Number.NaN } = latency[role] ?? {};
        const { requests, errors, unanswered, refused, invalid } = seen;
        const counts = [requests, errors - unanswered, unanswered, refused, invalid];
        return [`v${version}`, role, ...counts, ...[p50, p95, p99].map(Math.round)];
      }),
    );
    expect(rows.flat().filter((text) => text === '–')).toEqual([]);
    const stages = await readTable(camera, 'Stages');
    expect(stages.map(([percent, , seen]) => [percent, seen?.replaceAll(',', '')])).toEqual(
      rollout?.stages.map(({ percent, seen, needs }) => [`${percent}%`, `${seen} of ${needs}`]),
    );
    const known = host.context.store.getMemory('counted/mnist', z.looseObject({ seen: z.unknown() }));
    const totals = { requests: 99_999, errors: 3, unanswered: 1, refused: 0, invalid: 0 };
    host.context.store.putMemory('counted/mnist', {
      ...known,
      seen: { rollout: '01-mnist-8', versions: { 7: totals } },
    });
    await until(camera, `document.body.innerText.includes('99,999')`);
    expect(await readTable(camera, 'Requests and latency')).toEqual([
      expect.arrayContaining(['v7', 'stable', '99,999', '2 (0.002%)', '1 (0.001%)', '0']),
    ]);
  });

  test('is used by keyboard alone: a token is typed and sent, tables are reached, a table of a chart is opened', async () => {
    const url = await serve('canary');
    const shown = `document.querySelector('#token') !== null && !document.querySelector('#login').hidden`;
    await camera.open(
      { url: `${url}/`, width: 390, prepare: 'sessionStorage.clear()', until: shown },
      'dark',
    );
    expect(await violations(camera)).toEqual([]);
    await pressUntil(camera, `document.activeElement.id === 'token'`);
    await camera.type(TOKENS.reader);
    await camera.press('Enter');
    await until(camera, IS_DRAWN);
    const reached = new Set<string>();
    for (let tabs = 0; tabs < 25; tabs += 1) {
      await camera.press('Tab');
      const name =
        'document.activeElement.tagName + " " + (document.activeElement.getAttribute("aria-label") ?? "")';
      reached.add(String(await camera.evaluate(name)));
    }
    expect([...reached]).toEqual(
      expect.arrayContaining(['SUMMARY ', expect.stringContaining('DIV Requests and latency'), 'DIV Stages']),
    );
    await pressUntil(camera, `document.activeElement.tagName === 'SUMMARY'`);
    const opened = 'document.activeElement.parentElement.open';
    expect(await camera.evaluate(opened)).toBe(false);
    await camera.press('Enter');
    expect(await camera.evaluate(opened)).toBe(true);
  });

  test('keeps what was opened while it changes, and says when nothing comes any more', async () => {
    const url = await serve('canary');
    await camera.open({ url: `${url}/`, width: 1280, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
    await camera.evaluate(`document.querySelector('details').open = true`);
    const stored = host.context.store.getTraffic('mnist');
    if (stored === undefined) throw new Error('There is traffic.');
    const traffic = { ...stored.traffic, candidatePercent: 50, revision: 9 };
    host.context.store.putTraffic('mnist', { ...stored, traffic });
    await until(camera, `document.body.innerText.includes('candidate 50%')`);
    expect(await camera.evaluate(`document.querySelector('details').open`)).toBe(true);
    server.close();
    server.closeAllConnections();
    await until(camera, `document.querySelector('.lost') !== null`);
  });

  test('breaks no rule of axe-core and stays within its width where it is cut off', async () => {
    const url = await serve('canary');
    for (const [width, scheme] of WIDTHS.flatMap((one) => [
      [one, 'light'] as const,
      [one, 'dark'] as const,
    ])) {
      await camera.open({ url: `${url}/`, width, prepare: SIGNED_IN, until: IS_DRAWN }, scheme);
      // The page tries again by itself; each answer is cut off as it comes.
      server.closeAllConnections();
      await until(camera, `document.querySelector('.lost') !== null`);
      expect(await camera.evaluate(`document.querySelector('.lost').textContent`)).toMatch(
        /What is shown is of \d+:\d\d/,
      );
      await expectSound(camera, `cut-off-${width}-${scheme}`);
    }
  });

  test.each([
    ['gpu-full', 'GPU 0 is full, or nearly'],
    ['disk-full', 'The disk is full, or nearly'],
    ['held', 'the rollout is held'],
  ] as const)('says first what is wrong: %s', async (scene, text) => {
    const url = await serve(scene);
    await camera.open({ url: `${url}/`, width: 390, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
    const said = `document.querySelector('.heeds').innerText`;
    expect(await camera.evaluate(said)).toContain(text);
  });

  test.each([
    ['idle', /stable 100%/, /no GPU/],
    ['shadow', /gets a copy of every request; its answers are dropped/, /candidate 0%/],
    ['canary', /candidate 10%/, /Nothing needs attention|sees drift/],
    ['braked', /version 8 is braked \(errors-worse\)/, /Braked \(errors-worse\)/],
    ['disk-full', /version 8 is braked \(errors-worse\)/, /The disk is full/],
  ] as const)('shows what it is a page of: %s', async (scene, ...said) => {
    const url = await serve(scene);
    await camera.open({ url: `${url}/`, width: 1280, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
    const text = await camera.evaluate('document.body.innerText');
    for (const one of said) expect(text, scene).toMatch(one);
  });

  test('shows the memory of GPUs that each version has', async () => {
    const url = await serve('gpu-full');
    await camera.open({ url: `${url}/`, width: 1280, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
    const rows = await readTable(camera, 'Versions on this host');
    expect(rows.map(([version, , , , memory]) => [version, memory])).toEqual([
      ['v7', '3.8 GB'],
      ['v8', '4.1 GB'],
    ]);
  });

  test('shows the evidence of a rollout that is over, and who has called for what', async () => {
    const url = await serve('canary');
    const headers = { authorization: `Bearer ${TOKENS.deployer}` };
    await fetch(`${url}/v1/packages`, { method: 'DELETE', headers });
    await camera.open({ url: `${url}/`, width: 1280, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
    await until(camera, `document.body.innerText.includes('Evidence of harm in ${PAST_ROLLOUT}')`);
    const drawn = `[...document.querySelectorAll('[role=img]')].some((one) => one.ariaLabel.startsWith('Evidence of harm in ${PAST_ROLLOUT}') && one.querySelector('canvas').width > 100)`;
    expect(await camera.evaluate(drawn)).toBe(true);
    expect(await readTable(camera, 'What happened on this host')).toContainEqual([
      expect.stringContaining('ago'),
      'DELETE /v1/packages',
      expect.stringMatching(/^deployer [\da-f]{8}$/),
      '200',
    ]);
  });

  test('beside those of other hosts: the table of a fleet breaks no rule of axe-core', async () => {
    const url = await serve('braked');
    const answer = await fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${TOKENS.reader}` } });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const event: ScreenEvent = JSON.parse(
      /^data: (.*)$/m.exec((await reader?.read())?.value ?? '')?.[1] ?? '',
    );
    const [atMs, environment] = [Date.parse(event.at), 'production'];
    const sights = [
      { url, environment, last: { event, atMs }, lost: undefined },
      {
        url: `${url}/b`,
        environment,
        last: { event, atMs },
        lost: { why: 'It does not answer.', sinceMs: atMs },
      },
      { url: `${url}/c`, environment, last: undefined, lost: undefined },
    ];
    const fleet = createServer((_, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(renderFleetPage(viewFleet(sights, atMs)));
    });
    await once(fleet.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => {
      fleet.closeAllConnections();
      fleet.close();
    });
    for (const width of WIDTHS) {
      for (const scheme of ['light', 'dark'] as const) {
        const shown = `document.body?.innerText.includes('of 3 hosts answer') === true`;
        await camera.open({ url: `http://127.0.0.1:${portOf(fleet)}/`, width, until: shown }, scheme);
        await expectSound(camera, `fleet-${width}-${scheme}`);
      }
    }
  });

  test('asks for another token where the agent knows it not', async () => {
    const url = await serve('idle');
    const prepare = `sessionStorage.setItem('token', 'unknown-token-0123456789')`;
    const until401 = `document.body.innerText.includes('No known token')`;
    await camera.open({ url: `${url}/`, width: 390, prepare, until: until401 }, 'light');
    expect(await camera.evaluate(`document.querySelector('#login').hidden`)).toBe(false);
  });
});

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('It listens on no port.');
  return address.port;
}

async function until(camera: Camera, expression: string): Promise<void> {
  await expect.poll(() => camera.evaluate(expression), { timeout: 60_000 }).toBe(true);
}

/** Goes on by Tab, at least once, until the focus is where it is meant to be. */
async function pressUntil(camera: Camera, expression: string): Promise<void> {
  for (let tabs = 0; tabs < 40; tabs += 1) {
    await camera.press('Tab');
    if ((await camera.evaluate(expression)) === true) return;
  }
  throw new Error(`No Tab leads to ${expression}.`);
}

/** No rule of axe-core is broken and nothing lies beside the page; a picture of it is left. */
async function expectSound(camera: Camera, name: string): Promise<void> {
  expect(await violations(camera), name).toEqual([]);
  expect(await camera.evaluate('document.documentElement.scrollWidth <= innerWidth'), name).toBe(true);
  mkdirSync(PICTURES, { recursive: true });
  writeFileSync(`${PICTURES}/${name}.webp`, await camera.take());
}

async function violations(camera: Camera): Promise<z.infer<typeof violationsSchema>> {
  await camera.evaluate(`${AXE}; 0`);
  const run = `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html) })))`;
  return violationsSchema.parse(await camera.evaluate(run));
}

/** The number that a cell begins with. */
function readNumber(text: string): number {
  return Number(text.split(' ')[0]?.replaceAll(',', ''));
}

/** The rows of the table whose caption begins so. */
async function readTable(camera: Camera, caption: string): Promise<readonly (readonly string[])[]> {
  const rows = `[...document.querySelectorAll('table')].filter(({ caption }) => caption.innerText.startsWith(${JSON.stringify(caption)})).flatMap(({ tBodies }) => [...tBodies[0].rows].map(({ cells }) => [...cells].map(({ innerText }) => innerText.trim())))`;
  return textsSchema.parse(await camera.evaluate(rows));
}
