import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { RUNTIME_PACKAGES } from '../../core/host/plan-host.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
const dockerfile = read('agent/Dockerfile').replaceAll('\\\n', ' ');
const nameOf = (requirement: string) => requirement.split('==')[0]?.toLowerCase() ?? '';
/** What pip is told to install, without its options. */
const installed = [...dockerfile.matchAll(/pip install (?<args>[^&\n]+)/g)].flatMap(({ groups }) =>
  (groups?.['args'] ?? '').split(/\s+/).filter((word) => /^[A-Za-z]/.test(word)),
);

test('the image of the agent has what the process runtime needs, each of one version', () => {
  const unpinned = installed.filter((requirement) => !/^[\w-]+==\d[\w.]*$/.test(requirement));
  // The index is an argument of the build.
  expect(unpinned).toEqual([]);
  expect(installed.map(nameOf)).toEqual(expect.arrayContaining(RUNTIME_PACKAGES.map(nameOf)));
});

test('it is that with which everything here is tested', () => {
  const tested = read('requirements.txt')
    .split('\n')
    .filter((line) => /^[\w-]+==[\w.]+$/.test(line));
  const own = new Map(installed.map((requirement) => [nameOf(requirement), requirement.toLowerCase()]));
  const other = tested.filter(
    (line) => own.has(nameOf(line)) && own.get(nameOf(line)) !== line.toLowerCase(),
  );
  expect(other).toEqual([]);
  const node: unknown = JSON.parse(read('package.json')).devDependencies.node;
  expect(/^ARG NODE_IMAGE=node:(?<version>[\d.]+)-/m.exec(dockerfile)?.groups?.['version']).toBe(node);
});

test('its base is one image, and no tag that is moved', () => {
  const based = [...dockerfile.matchAll(/^FROM (?<image>\S+)/gm)].map(({ groups }) => groups?.['image']);
  expect(new Set(based)).toEqual(new Set(['$' + '{NODE_IMAGE}']));
  expect(dockerfile).toMatch(/^ARG NODE_IMAGE=\S+@sha256:[\da-f]{64}$/m);
});
