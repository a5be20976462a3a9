import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../../sandbox/checkout.ts';

/** Documents of this repository; those of fixtures are part of a user's project. */
const PAGES = globSync('**/*.md', {
  cwd: ROOT,
  exclude: (name) => /^(?:node_modules|\.trainyard|\.git|dist|fixtures)$/.test(path.basename(name)),
}).toSorted();

/** What is made at run time, the project of a user, and an action of GitHub's own. */
const ELSEWHERE =
  /^(?:\.trainyard|node_modules|data|deploy\/certificates)\/|^deploy\/\.env$|^actions\/checkout$/;
/** Where a word in backticks is taken for a path of this repository: it begins with a folder that is there, and goes on. */
const PATH_WORD = /^(?<first>[\w.-]+)\/[\w./*{},-]*$/;

type Page = { readonly file: string; readonly folder: string; readonly text: string; readonly prose: string };

const pages: readonly Page[] = PAGES.map((file) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return { file, folder: path.dirname(file), text, prose: text.replaceAll(/^```[\s\S]*?^```/gm, '') };
});

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(text: string): readonly string[] {
  const anchors = [...text.matchAll(/^#+ (?<title>.+)$/gm)].map((match) =>
    (match.groups?.['title'] ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
  return anchors.map((anchor, index) => {
    const before = anchors.slice(0, index).filter((other) => other === anchor).length;
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}

function findBrokenLinks({ file, folder, text, prose }: Page): readonly string[] {
  const targets = [...prose.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(
    (match) => match.groups?.['target'] ?? '',
  );
  const pictures = [...prose.matchAll(/\b(?:src|srcset)="(?<target>[^"\s]+)"/g)].map(
    (match) => match.groups?.['target'] ?? '',
  );
  return [...targets, ...pictures]
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [place = '', anchor] = target.split('#');
      const linked = path.join(ROOT, folder, decodeURIComponent(place));
      if (place !== '' && !existsSync(linked)) return true;
      if (anchor === undefined) return false;
      const there = place === '' ? text : statSync(linked).isFile() ? readFileSync(linked, 'utf8') : '';
      return !anchorsOf(there).includes(anchor);
    })
    .map((target) => `${file}: ${target}`);
}

function findMissingPaths({ file, folder, prose }: Page): readonly string[] {
  const words = [...prose.matchAll(/`(?<word>[^`\n]+)`/g)].map((match) => match.groups?.['word'] ?? '');
  return words.filter((word) => isMissing(word, folder)).map((word) => `${file}: ${word}`);
}

/** Paths are written from the root, or in the README of a folder from that folder. */
function isMissing(word: string, folder: string): boolean {
  const first = PATH_WORD.exec(word)?.groups?.['first'];
  if (first === undefined || ELSEWHERE.test(word)) return false;
  const places = ['.', folder].filter((place) => existsSync(path.join(ROOT, place, first)));
  return (
    places.length > 0 && places.every((place) => globSync(word, { cwd: path.join(ROOT, place) }).length === 0)
  );
}

test('relative links lead somewhere, also to their headings', () => {
  expect(pages.flatMap(findBrokenLinks)).toEqual([]);
});

test('paths in backticks exist', () => {
  expect(pages.flatMap(findMissingPaths)).toEqual([]);
});

test('the rule about paths tells right from wrong', () => {
  expect(isMissing('core/errors.ts', '.')).toBe(false);
  expect(isMissing('core/{errors,result}.ts', 'docs')).toBe(false);
  expect(isMissing('github/server.ts', 'sandbox')).toBe(false);
  expect(isMissing('core/no-such-file.ts', '.')).toBe(true);
  expect(isMissing('trainyard/trainyard', '.')).toBe(false);
  expect(isMissing('events/<model>/2026-11.jsonl', '.')).toBe(false);
});

const packageSchema = z.looseObject({ scripts: z.record(z.string(), z.string()) });

test('commands of npm that the documents name are those of package.json', () => {
  const { scripts } = packageSchema.parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));
  const unknown = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/npm run (?<name>[a-z][\w:-]*)/g)]
      .map((match) => match.groups?.['name'] ?? '')
      .filter((name) => !(name in scripts))
      .map((name) => `${file}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

test('each suite of `npm test` that holds tests has a command of its own', () => {
  const { scripts } = packageSchema.parse(JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')));
  const projects = [
    ...readFileSync(path.join(ROOT, 'vitest.config.ts'), 'utf8').matchAll(/name: '(?<name>\w+)'/g),
  ];
  const names = projects.map((match) => match.groups?.['name'] ?? '');
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !(`test:${name}` in scripts))).toEqual([]);
});

test('programs that the documents start with node are there', () => {
  const missing = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/node(?: --[\w=-]+)* (?<script>(?:scripts|measure|agent)\/[\w./-]+)/g)]
      .map((match) => match.groups?.['script'] ?? '')
      .filter((script) => !existsSync(path.join(ROOT, script)))
      .map((script) => `${file}: ${script}`),
  );
  expect(missing).toEqual([]);
});
