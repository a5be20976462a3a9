import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { waitFor } from '../machine/wait-for.ts';

const replySchema = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
});
const pagesSchema = z.array(z.looseObject({ type: z.string(), webSocketDebuggerUrl: z.string() }));
const shotSchema = z.object({ data: z.string() });
const sizeSchema = z.tuple([z.number(), z.number()]);
const identifierSchema = z.object({ identifier: z.string() });
const evaluatedSchema = z.object({
  result: z.object({ value: z.unknown().optional() }),
  exceptionDetails: z.unknown().optional(),
});
const START_MS = 30_000;
/** A page has so long to show what it is opened for, in ms. */
const SHOWN_MS = 60_000;

/** A page, at a width in CSS pixels. What `prepare` says is run in it before anything of its own; it is there once `until` is true. */
export type Scene = {
  readonly url: string;
  readonly width: number;
  readonly prepare?: string;
  readonly until: string;
};
type Scheme = 'light' | 'dark';

/** A browser without a window, with one page. */
export type Camera = {
  /** Opens a page, and waits until it shows what it is opened for. */
  readonly open: (scene: Scene, scheme: Scheme) => Promise<void>;
  /** The value of an expression in the page, which may be a promise; throws what it throws. */
  readonly evaluate: (expression: string) => Promise<unknown>;
  /** Presses a key of the keyboard, by its name. */
  readonly press: (key: string) => Promise<void>;
  /** Types a text where the focus is. */
  readonly type: (text: string) => Promise<void>;
  /** The page from its top, as WebP: to its bottom, or so many CSS pixels of it. */
  readonly take: (tallest?: number) => Promise<Buffer>;
  readonly close: () => Promise<void>;
};

/** A Chromium of this machine: the one that CHROMIUM names, or that of the path; `undefined` where there is none. */
export function findChromium(): string | undefined {
  const program = process.env['CHROMIUM'] ?? 'chromium';
  return spawnSync(program, ['--version'], { timeout: START_MS }).status === 0 ? program : undefined;
}

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
    open: (scene, scheme) => open(send, scene, scheme),
    evaluate: (expression) => evaluate(send, expression),
    press: async (key) => {
      // What a page does at Enter it does at the character.
      const character = key === 'Enter' ? { text: '\r', windowsVirtualKeyCode: 13 } : {};
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, ...character });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key });
    },
    type: async (text) => void (await send('Input.insertText', { text })),
    take: (tallest) => take(send, tallest),
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

async function open(send: Send, { url, width, prepare, until }: Scene, scheme: Scheme): Promise<void> {
  await resize(send, width, 800);
  await send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await send('Page.enable');
  const prepared =
    prepare === undefined
      ? undefined
      : identifierSchema.parse(await send('Page.addScriptToEvaluateOnNewDocument', { source: prepare }));
  await send('Page.navigate', { url });
  // Between two pages there is none to ask.
  const isShown = () => evaluate(send, until).catch(() => false);
  await waitFor(async () => (await isShown()) === true || undefined, `${url} to show ${until}`, SHOWN_MS);
  if (prepared !== undefined) await send('Page.removeScriptToEvaluateOnNewDocument', prepared);
}

async function evaluate(send: Send, expression: string): Promise<unknown> {
  const asked = { expression, returnByValue: true, awaitPromise: true };
  const { result, exceptionDetails } = evaluatedSchema.parse(await send('Runtime.evaluate', asked));
  if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
  return result.value;
}

function resize(send: Send, width: number, height: number): Promise<unknown> {
  return send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 2, mobile: false });
}

async function take(send: Send, tallest = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const sizes = '[innerWidth, Math.ceil(document.documentElement.getBoundingClientRect().height)]';
  const [width, height] = sizeSchema.parse(await evaluate(send, sizes));
  await resize(send, width, Math.min(height, tallest));
  // What follows the width of the window has been drawn anew by the frame after the next.
  await evaluate(
    send,
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))',
  );
  const { data } = shotSchema.parse(await send('Page.captureScreenshot', { format: 'webp', quality: 85 }));
  return Buffer.from(data, 'base64');
}
