import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { waitFor } from '../machine/wait-for.ts';

const replySchema = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
const pagesSchema = z.array(z.looseObject({ type: z.string(), webSocketDebuggerUrl: z.string() }));
const shotSchema = z.object({ data: z.string() });
const sizeSchema = z.object({ result: z.object({ value: z.number() }) });
const START_MS = 30_000;
/** After this a page has drawn what it fetched. */
const SETTLE_MS = 2_500;

/** A page to take a picture of, at a width in CSS pixels; what `prepare` says is run in it before it is loaded again. */
export type Scene = { readonly url: string; readonly width: number; readonly prepare?: string };
type Scheme = 'light' | 'dark';

/** A browser without a window, and how it takes a WebP of a page from top to bottom. */
type Camera = {
  readonly take: (scene: Scene, scheme: Scheme) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

/** Starts Chromium (`program`) on a profile of its own. Rejects where it does not start. */
export async function openCamera(program: string): Promise<Camera> {
  const profile = mkdtempSync(path.join(tmpdir(), 'ty-camera-'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--hide-scrollbars',
    '--remote-debugging-port=0',
  ];
  const child = spawn(program, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (part) => (said += String(part)));
  const port = () => /DevTools listening on ws:\/\/127\.0\.0\.1:(?<port>\d+)/.exec(said)?.groups?.['port'];
  const at = await waitFor(port, `${program} to start: ${said}`, START_MS);
  const pages = pagesSchema.parse(await (await fetch(`http://127.0.0.1:${at}/json`)).json());
  const page = pages.find(({ type }) => type === 'page');
  if (page === undefined) throw new Error(`${program} has opened no page.`);
  const { send, close } = await connect(page.webSocketDebuggerUrl);
  return {
    take: (scene, scheme) => take(send, scene, scheme),
    close: async () => {
      close();
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

type Send = (method: string, params?: object) => Promise<unknown>;

async function connect(url: string): Promise<{ readonly send: Send; readonly close: () => void }> {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const waiting = new Map<number, (reply: z.infer<typeof replySchema>) => void>();
  socket.addEventListener('message', ({ data }) => {
    const reply = replySchema.parse(JSON.parse(String(data)));
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply);
  });
  let last = 0;
  const send: Send = (method, params = {}) => {
    last += 1;
    const id = last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${JSON.stringify(error)}`)),
      );
    });
  };
  return { send, close: () => socket.close() };
}

async function take(send: Send, { url, width, prepare }: Scene, scheme: Scheme): Promise<Buffer> {
  const size = (height: number) =>
    send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 2, mobile: false });
  await size(400);
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await send('Page.navigate', { url });
  await sleep(SETTLE_MS);
  if (prepare !== undefined) {
    await send('Runtime.evaluate', { expression: prepare });
    await send('Page.reload');
    await sleep(SETTLE_MS);
  }
  const expression = 'Math.ceil(document.documentElement.getBoundingClientRect().height)';
  const { result } = sizeSchema.parse(await send('Runtime.evaluate', { expression, returnByValue: true }));
  await size(result.value);
  const { data } = shotSchema.parse(await send('Page.captureScreenshot', { format: 'webp', quality: 85 }));
  return Buffer.from(data, 'base64');
}
