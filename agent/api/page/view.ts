import type { AgentProblem, AgentState, Instance, Traffic } from '../../../core/serving/api.ts';

type Seen = NonNullable<AgentState['seen']>[string];

/** How often the page looks, in ms. */
const REFRESH_MS = 2_000;
const TOKEN = 'token';
const HEAD = ['Model', 'Version', 'State', 'Since', ''];
const SEEN_HEAD = ['Version', 'Requests', 'Errors', 'Never answered', 'Refused (4xx)', 'Invalid answers'];

const view = find('view');
const login = find('login');

login.addEventListener('submit', (event) => {
  event.preventDefault();
  const field = document.querySelector<HTMLInputElement>(`#${TOKEN}`);
  sessionStorage.setItem(TOKEN, field?.value ?? '');
  void refresh();
});
void refresh();
setInterval(() => void refresh(), REFRESH_MS);

async function refresh(): Promise<void> {
  const token = sessionStorage.getItem(TOKEN);
  if (token === null) return;
  try {
    const answer = await fetch('/v1/state', { headers: { authorization: `Bearer ${token}` } });
    login.hidden = answer.ok;
    if (answer.ok) show(await answer.json());
    else showProblem(await answer.json());
  } catch {
    view.replaceChildren(note('The agent does not answer. Predictions may be served all the same.'));
  }
}

function show(state: AgentState): void {
  view.replaceChildren(
    header(state),
    ...Object.entries(state.traffic).map(([model, traffic]) =>
      trafficSection(model, traffic, state.seen?.[model] ?? {}),
    ),
    element('h2', {}, 'Versions'),
    table(HEAD, state.instances.map(instanceRow)),
  );
}

function showProblem({ detail }: AgentProblem): void {
  view.replaceChildren(note(detail));
}

function header({ host, dataPlane, outbox }: AgentState): HTMLElement {
  const { address, healthy } = dataPlane;
  const proxy = `predictions on ${address}${healthy ? '' : ' (proxy down)'}`;
  return element(
    'header',
    {},
    element('h1', {}, host),
    element('span', { class: healthy ? 'ready' : 'failed' }, proxy),
    element('span', { class: 'quiet' }, `${outbox.pending} reports waiting`),
  );
}

function instanceRow({ model, version, state, since, code, message }: Instance): HTMLElement {
  return element(
    'tr',
    {},
    element('td', {}, model),
    element('td', {}, `v${version}`),
    element('td', { class: state }, state),
    element('td', {}, new Date(since).toLocaleString()),
    element('td', {}, message === undefined ? '' : `${code}: ${message}`),
  );
}

function trafficSection(model: string, traffic: Traffic, seen: Seen): HTMLElement {
  const { candidate, shadow, lease, brake } = traffic;
  const parts = [element('h2', {}, model), trafficBar(traffic)];
  if (shadow) {
    parts.push(element('p', {}, `v${candidate} gets a copy of every request; its answers are dropped.`));
  }
  if (lease !== undefined) {
    const stage = `stage ${lease.stage + 1} of ${lease.plan.stages.length}`;
    parts.push(element('p', { class: 'quiet' }, `Rollout ${lease.rollout}, ${stage}, ${lease.control}`));
  }
  parts.push(table(SEEN_HEAD, Object.entries(seen).map(seenRow)));
  if (brake !== undefined) parts.push(note(`Braked (${brake.code}): ${brake.explanation}`));
  return element('section', {}, ...parts);
}

function seenRow([version, seen]: readonly [string, Seen[string]]): HTMLElement {
  const { requests, errors, unanswered, refused, invalid } = seen;
  const cells = [`v${version}`, ...[requests, errors, unanswered, refused, invalid].map(String)];
  return element('tr', {}, ...cells.map((cell) => element('td', {}, cell)));
}

function table(names: readonly string[], rows: readonly HTMLElement[]): HTMLElement {
  const head = element('tr', {}, ...names.map((name) => element('th', { scope: 'col' }, name)));
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
}

function trafficBar({ stable, candidate, candidatePercent }: Traffic): HTMLElement {
  const rest = 100 - candidatePercent;
  const bar = element('div', {
    class: 'bar',
    role: 'img',
    'aria-label': `v${stable} ${rest} percent`,
  });
  bar.append(share('stable', stable, rest));
  if (candidate !== undefined && candidatePercent > 0)
    bar.append(share('candidate', candidate, candidatePercent));
  return bar;
}

function share(kind: string, version: string | undefined, percent: number): HTMLElement {
  const span = element('span', { class: kind }, `v${version} ${percent} %`);
  span.style.flexBasis = `${percent}%`;
  return span;
}

function note(text: string): HTMLElement {
  return element('p', { class: 'note' }, text);
}

/** Builds elements with text only, never markup, so that nothing a model is called can run here. */
function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function find(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
}
