/** What Prometheus itself adds to what it reads. */
const OF_TARGETS = ['instance', 'job'];

/** Labels of each metric in an answer of `/metrics`, and of those that Prometheus makes of a target. */
export function readExposed(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const exposed = new Map([['up', new Set(OF_TARGETS)]]);
  for (const line of text.split('\n')) {
    const found = /^(?<name>[a-z]\w*)(?:\{(?<labels>.*)\})? /.exec(line);
    const name = found?.groups?.['name'];
    if (name === undefined) continue;
    const labels = exposed.get(name) ?? new Set(OF_TARGETS);
    for (const [, label = ''] of (found?.groups?.['labels'] ?? '').matchAll(/(\w+)="/g)) labels.add(label);
    exposed.set(name, labels);
  }
  return exposed;
}

/** What a query and what is written from its labels ask for and no host tells: metrics, and labels that none of the metrics asked for has. */
export function findUntold(
  exposed: ReadonlyMap<string, ReadonlySet<string>>,
  query: string,
  texts: readonly string[],
): readonly string[] {
  const asked = [...query.matchAll(/\b(?<name>(?:trainyard|process|nodejs)_\w+|up\b)(?:\{(?<by>[^}]*)\})?/g)];
  const names = asked.map((match) => match.groups?.['name'] ?? '');
  const had = new Set(names.flatMap((name) => [...(exposed.get(name) ?? [])]));
  const matched = asked.flatMap((match) => {
    const own = exposed.get(match.groups?.['name'] ?? '');
    const labels = [...(match.groups?.['by'] ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)];
    return labels.flatMap(([, label = '']) => (own?.has(label) ? [] : [`${match[0]}: ${label}`]));
  });
  const grouped = [...query.matchAll(/\b(?:by|on|group_left)\s*\((?<labels>[^)]*)\)/g)].flatMap((match) =>
    (match.groups?.['labels'] ?? '').split(',').map((label) => label.trim()),
  );
  const written = texts.flatMap((text) =>
    [...text.matchAll(/\{\{\s*(?:\$labels\.)?(?<label>\w+)\s*\}\}/g)].map(
      (match) => match.groups?.['label'] ?? '',
    ),
  );
  return [
    ...(names.length === 0 ? [`no metric in ${query}`] : []),
    ...names.filter((name) => !exposed.has(name)),
    ...matched,
    ...[...grouped, ...written].filter((label) => !had.has(label)),
  ];
}
