import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { admitEvents } from '../../core/ledger/admit-events.ts';
import { type LedgerEvent, ledgerEventSchema } from '../../core/ledger/event.ts';
import { eventId } from '../../core/ledger/event-id.ts';
import { foldLedger } from '../../core/ledger/fold.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { promotionOf, startOf, startScribe, writeVersion } from '../core/ledger/ledger-support.ts';

const PAGE = 'docs/ledger.md';
const MODEL = 'mnist';

/** One section of the page: the kind in its heading, the first column of its table, its example line. */
type Section = { readonly kind: string; readonly fields: readonly string[]; readonly line: string };

const sections: readonly Section[] = readFileSync(path.join(ROOT, PAGE), 'utf8')
  .split(/^### /m)
  .slice(1)
  .map((text) => ({
    kind: text.match(/^`(?<kind>[^`]+)`/)?.groups?.['kind'] ?? '',
    fields: [...text.matchAll(/^\| `(?<field>[^`]+)`/gm)].map((match) => match.groups?.['field'] ?? ''),
    line: text.match(/^```json\n(?<line>.*)\n```/m)?.groups?.['line'] ?? '',
  }));

function readExamples(): readonly LedgerEvent[] {
  return sections.map(({ line }) => ledgerEventSchema.parse(JSON.parse(line)));
}

test('every kind of event has one section, with a line of that kind', () => {
  const kinds = ledgerEventSchema.options.map(({ shape }) => shape.kind.value);
  expect(sections.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
  expect(readExamples().map(({ kind }) => kind)).toEqual(sections.map(({ kind }) => kind));
});

test.each(ledgerEventSchema.options.map(({ shape }) => ({ kind: shape.kind.value, data: shape.data.shape })))(
  'the table of $kind lists the fields of its data, optional ones with a question mark',
  ({ kind, data }) => {
    const fields = Object.entries(data).map(([name, schema]) =>
      schema.safeParse(undefined).success ? `${name}?` : name,
    );
    expect(sections.find((section) => section.kind === kind)?.fields).toEqual(fields);
  },
);

test('the ids are what cause, kind and parts give', () => {
  const wrong = readExamples().filter(({ id, cause, kind }) => {
    const own = eventId(cause, kind);
    return id !== own && !id.startsWith(`${own}/`);
  });
  expect(wrong).toEqual([]);
});

test('the lines are one history that the rules of the ledger let in', () => {
  const write = startScribe();
  const before = [
    ...writeVersion(write, '7'),
    write('rollout.started', startOf('7')),
    write('rollout.promoted', promotionOf('7')),
  ];
  const examples = readExamples();
  const admitted = admitEvents(foldLedger(MODEL, before), examples);
  expect(admitted).toMatchObject({ ok: true, value: { written: examples } });
  const { champion, rollout, frozen } = environmentOf(
    foldLedger(MODEL, [...before, ...examples]),
    'production',
  );
  expect(champion?.version).toBe('7');
  expect(rollout).toBeUndefined();
  expect(frozen).toBeUndefined();
});
