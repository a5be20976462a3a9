import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; --line: #8884; --good: #2a8a4a; --warn: #b26a00; --bad: #c0392b; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.bar { display: flex; height: 1.6rem; border-radius: .3rem; overflow: hidden; background: var(--line); }
.bar span { color: #fff; padding: 0 .5rem; white-space: nowrap; overflow: hidden; min-width: 0; } .stable { background: #2b6cb0; } .candidate { background: #8a5a00; }
.ready { color: var(--good); } .starting, .draining { color: var(--warn); } .failed, .braked { color: var(--bad); }
.note { border-left: 4px solid var(--bad); padding: .3rem .8rem; margin: .6rem 0; } .quiet { opacity: .7; }
form { margin: 2rem 0; display: flex; gap: .5rem; flex-wrap: wrap; } input, button { font: inherit; padding: .35rem .6rem; } input { flex: 1 1 16rem; }
`;

/** Builds elements with text only, never markup, so that nothing a model is called can run here. */
const SCRIPT = `
const view = document.getElementById('view');
const form = document.getElementById('login');
const token = () => sessionStorage.getItem('token');
form.addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', new FormData(form).get('token'));
  refresh();
});
function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
function instanceRow(instance) {
  const detail = instance.message ? instance.code + ': ' + instance.message : '';
  return element('tr', {},
    element('td', {}, instance.model), element('td', {}, 'v' + instance.version),
    element('td', { class: instance.state }, instance.state),
    element('td', {}, new Date(instance.since).toLocaleString()), element('td', {}, detail));
}
function trafficView([model, traffic]) {
  const percent = traffic.candidatePercent;
  const bar = element('div', { class: 'bar', role: 'img', 'aria-label': 'v' + traffic.stable + ' ' + (100 - percent) + ' percent' });
  const part = (kind, version, share) => {
    const span = element('span', { class: kind }, 'v' + version + ' ' + share + ' %');
    span.style.flexBasis = share + '%';
    bar.append(span);
  };
  part('stable', traffic.stable, 100 - percent);
  if (traffic.candidate && percent > 0) part('candidate', traffic.candidate, percent);
  const parts = [element('h2', {}, model), bar];
  if (traffic.shadow) parts.push(element('p', {}, 'v' + traffic.candidate + ' gets a copy of every request; its answers are dropped.'));
  if (traffic.lease) parts.push(element('p', { class: 'quiet' }, 'Rollout ' + traffic.lease.rollout + ', stage ' + (traffic.lease.stage + 1) + ' of ' + traffic.lease.plan.stages.length + ', ' + traffic.lease.control));
  if (traffic.brake) parts.push(element('p', { class: 'note' }, 'Braked (' + traffic.brake.code + '): ' + traffic.brake.explanation));
  return element('section', {}, ...parts);
}
function show(state) {
  const rows = state.instances.map(instanceRow);
  const head = element('tr', {}, ...['Model', 'Version', 'State', 'Since', ''].map((name) => element('th', { scope: 'col' }, name)));
  view.replaceChildren(
    element('header', {}, element('h1', {}, state.host),
      element('span', { class: state.dataPlane.healthy ? 'ready' : 'failed' }, 'predictions on ' + state.dataPlane.address + (state.dataPlane.healthy ? '' : ' (proxy down)')),
      element('span', { class: 'quiet' }, state.outbox.pending + ' reports waiting')),
    ...Object.entries(state.traffic).map(trafficView),
    element('h2', {}, 'Versions'), element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows)));
}
async function refresh() {
  if (token() === null) return;
  try {
    const answer = await fetch('/v1/state', { headers: { authorization: 'Bearer ' + token() } });
    const body = await answer.json();
    form.hidden = answer.ok;
    if (answer.ok) show(body);
    else view.replaceChildren(element('p', { class: 'note' }, body.detail));
  } catch {
    view.replaceChildren(element('p', { class: 'note' }, 'The agent does not answer. Predictions may be served all the same.'));
  }
}
refresh();
setInterval(refresh, 2000);
`;

/** The live page: it asks for a token and shows `/v1/state` every two seconds. It holds nothing secret itself. */
export const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Trainyard agent</title><style>${STYLE}</style></head>
<body>
<main id="view"><h1>Trainyard agent</h1></main>
<form id="login"><label for="token">Access token</label><input id="token" name="token" type="password" autocomplete="off" required><button>Show</button></form>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** Only this page's own style and script may run in it, and it may ask this host only. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
