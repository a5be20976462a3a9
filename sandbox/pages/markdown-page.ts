/** GitHub's look, as far as a comment shows it, for a page in either colour scheme. */
const STYLE = `
:root { color-scheme: light dark; --text: light-dark(#1f2328, #f0f6fc); --soft: light-dark(#59636e, #9198a1); --line: light-dark(#d1d9e0, #3d444d);
  --back: light-dark(#ffffff, #0d1117); --head: light-dark(#f6f8fa, #151b23); --link: light-dark(#0969da, #4493f8); }
body { margin: 0; padding: 16px; background: var(--back); color: var(--text); font: 14px/1.5 "Liberation Sans", Helvetica, Arial, sans-serif; }
article { border: 1px solid var(--line); border-radius: 6px; }
header { padding: 8px 16px; background: var(--head); border-bottom: 1px solid var(--line); border-radius: 6px 6px 0 0; color: var(--soft); }
header b { color: var(--text); }
section { padding: 4px 16px 12px; }
h3 { font-size: 1.25em; margin: 14px 0 10px; } p { margin: 0 0 12px; }
table { border-collapse: collapse; margin: 0 0 14px; } td, th { border: 1px solid var(--line); padding: 5px 12px; text-align: left; }
a { color: var(--link); text-decoration: none; } sub { font-size: 12px; color: var(--soft); vertical-align: baseline; }
code, pre { font: 12px "Liberation Mono", monospace; background: var(--head); border-radius: 6px; padding: 2px 5px; }
pre { padding: 10px; overflow: hidden; } summary { margin: 0 0 6px; cursor: pointer; } details > :not(summary) { margin-left: 14px; }
ul { margin: 0 0 12px; padding-left: 26px; }`;

/** A comment on a page of its own, as GitHub shows it: the Markdown that reports are made of, and no more. */
export function commentPage(user: string, markdown: string): string {
  const visible = markdown.replaceAll(/<!--[\s\S]*?-->\n?/g, '');
  const head = `<meta charset="utf-8"><style>${STYLE}</style>`;
  return `<!doctype html>${head}<article><header><b>${escapeHtml(user)}</b> commented now</header><section>${toHtml(visible)}</section></article>`;
}

function toHtml(markdown: string): string {
  const blocks: string[] = [];
  const lines = markdown.split('\n');
  while (lines.length > 0) blocks.push(takeBlock(lines));
  return blocks.join('\n');
}

/** Takes the lines of one block off the front, and gives it as HTML. */
function takeBlock(lines: string[]): string {
  const line = lines.shift() ?? '';
  if (line.startsWith('```')) {
    const code = takeWhile(lines, (one) => !one.startsWith('```'));
    lines.shift();
    return `<pre>${escapeHtml(code.join('\n'))}</pre>`;
  }
  const heading = /^(?<level>#+) (?<title>.*)$/.exec(line)?.groups;
  if (heading !== undefined) return `<h3>${inline(heading['title'] ?? '')}</h3>`;
  if (line.startsWith('|')) return table([line, ...takeWhile(lines, (one) => one.startsWith('|'))]);
  if (/^[-*] /.test(line)) {
    const items = [line, ...takeWhile(lines, (one) => /^[-*] /.test(one))];
    return `<ul>${items.map((item) => `<li>${inline(item.slice(2))}</li>`).join('')}</ul>`;
  }
  if (/^<\/?(?:details|summary|img|picture)\b/.test(line)) return line;
  return line.trim() === '' ? '' : `<p>${inline(line)}</p>`;
}

function takeWhile(lines: string[], isOf: (line: string) => boolean): readonly string[] {
  const end = lines.findIndex((line) => !isOf(line));
  return lines.splice(0, end < 0 ? lines.length : end);
}

function table(rows: readonly string[]): string {
  const cells = (row: string) =>
    row
      .replace(/^\|/, '')
      .replace(/\|$/, '')
      .split(/(?<!\\)\|/);
  const [head = '', , ...body] = rows;
  const of = (row: string, tag: string) =>
    `<tr>${cells(row)
      .map((cell) => `<${tag}>${inline(cell.trim())}</${tag}>`)
      .join('')}</tr>`;
  const isNamed = cells(head).some((cell) => cell.trim() !== '');
  return `<table>${isNamed ? of(head, 'th') : ''}${body.map((row) => of(row, 'td')).join('')}</table>`;
}

/** Bold, code and links; a backslash takes a mark its meaning, and `<sub>` is the one tag that reports use in a line. */
function inline(text: string): string {
  return escapeHtml(text)
    .replaceAll(/`(?<code>[^`]+)`/g, '<code>$<code></code>')
    .replaceAll(/\*\*(?<bold>.+?)\*\*/g, '<b>$<bold></b>')
    .replaceAll(/\[(?<label>[^\]]+)\]\((?<url>[^)]+)\)/g, '<a href="$<url>">$<label></a>')
    .replaceAll(/&lt;(?<tag>\/?sub)&gt;/g, '<$<tag>>')
    .replaceAll(/\\(?<mark>[[\]_*|`])/g, '$<mark>');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
