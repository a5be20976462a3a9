import { h, render } from 'preact';
import type { ScreenEvent } from '../../../core/serving/screen/screen-routes.ts';
import { type KnownBeside, viewScreen } from '../../../core/serving/screen/view/view-screen.ts';
import { ask, followEvents } from './follow-events.ts';
import { type Freshness, screen } from './screen.ts';

const TOKEN = 'token';
/** What is said of the past is said anew this often, in ms. */
const REDRAW_MS = 5_000;
/** A history has a new stretch every five minutes, and the last one grows; what was asked of the agent is read as often. */
const BESIDE_MS = 60_000;
const CALLS = '/v1/audit?limit=20';

type Shown = {
  event: ScreenEvent | undefined;
  /** How far the agent's clock is behind this machine's, in ms. */
  behindMs: number;
  freshness: Freshness;
  beside: KnownBeside;
};

const view = find('view');
const login = find('login');
const shown: Shown = {
  event: undefined,
  behindMs: 0,
  freshness: { isLive: false, text: '' },
  beside: { histories: {}, calls: [] },
};
let session = new AbortController();

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const field = document.querySelector<HTMLInputElement>(`#${TOKEN}`);
  sessionStorage.setItem(TOKEN, field?.value ?? '');
  begin();
});
setInterval(draw, REDRAW_MS);
setInterval(() => void readBeside(), BESIDE_MS);
begin();

function begin(): void {
  const token = sessionStorage.getItem(TOKEN);
  draw();
  if (token === null) return;
  session.abort();
  session = new AbortController();
  login.hidden = true;
  say('Connecting…');
  let changedAt: string | undefined;
  const listener = {
    onEvent: (event: ScreenEvent) => {
      const { histories } = shown.beside;
      const hadNone = Object.keys(event.state.traffic).some((model) => !(model in histories));
      const isOtherwise = stanceOf(event) !== stanceOf(shown.event);
      shown.event = event;
      shown.behindMs = Date.now() - Date.parse(event.at);
      changedAt = new Date().toLocaleTimeString();
      shown.freshness = { isLive: true, text: `Live, last change ${changedAt}` };
      draw();
      if (hadNone || isOtherwise) void readBeside();
    },
    onLost: (why: string) => say(changedAt === undefined ? why : `${why} What is shown is of ${changedAt}.`),
    onRefused: (why: string) => {
      sessionStorage.removeItem(TOKEN);
      login.hidden = false;
      shown.event = undefined;
      say(why);
    },
  };
  void followEvents(token, listener, session.signal);
}

function say(text: string): void {
  shown.freshness = { isLive: false, text };
  draw();
}

/** What an order changes: it is among the calls, then. */
function stanceOf(event: ScreenEvent | undefined): string | undefined {
  if (event === undefined) return undefined;
  const { traffic, instances } = event.state;
  const revisions = Object.entries(traffic).map(([model, { revision }]) => [model, revision]);
  return JSON.stringify([revisions, instances.map(({ model, version, state }) => [model, version, state])]);
}

async function readBeside(): Promise<void> {
  const token = sessionStorage.getItem(TOKEN);
  if (token === null) return;
  try {
    const calls = await ask(CALLS, token, session.signal);
    if (calls.ok) shown.beside = { ...shown.beside, calls: (await calls.json()).entries };
    for (const model of Object.keys(shown.event?.state.traffic ?? {})) {
      const answer = await ask(`/v1/models/${encodeURIComponent(model)}/history`, token, session.signal);
      if (!answer.ok) continue;
      const histories = { ...shown.beside.histories, [model]: await answer.json() };
      shown.beside = { ...shown.beside, histories };
    }
  } catch {
    // The stream says that the agent does not answer.
    return;
  }
  draw();
}

function draw(): void {
  const { event, freshness, beside, behindMs } = shown;
  if (event === undefined) {
    const said = h('p', { role: 'status' }, freshness.text);
    render(h('main', null, h('h1', null, 'Trainyard agent'), said), view);
    return;
  }
  document.title = `${event.state.host} · Trainyard agent`;
  render(screen(viewScreen(event, beside, Date.now() - behindMs), freshness), view);
}

function find(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}
