/** The page with this text between its marks `<!-- name:begin -->` and `<!-- name:end -->`. Throws where it has none. */
export function insertGenerated(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`The page has no ${begin} … ${end}.`);
  return `${page.slice(0, from)}${begin}\n${text}\n${page.slice(to)}`;
}
