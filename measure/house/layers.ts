import { findCircles, toGraph } from './find-circles.ts';
import { type Import, importsOf } from './imports.ts';
import { type House, partOf } from './open-house.ts';

/** What each part of the repository may import besides itself and packages. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  adapters: ['core'],
  actions: ['core', 'adapters'],
  agent: ['core', 'adapters'],
  cli: ['core', 'adapters'],
  sandbox: ['core', 'adapters', 'actions', 'agent'],
  measure: ['core', 'adapters', 'actions', 'agent', 'sandbox'],
  scripts: ['core', 'adapters', 'actions', 'agent', 'cli', 'sandbox', 'measure'],
  test: ['core', 'adapters', 'actions', 'agent', 'cli', 'sandbox', 'measure'],
};

/**
 * The rooms of core from the lowest up: each may import those of the rows above it, and none of its own row. A file that lies in core
 * itself is a room of its own.
 */
export const CORE_LAYERS: readonly (readonly string[])[] = [
  [
    'names.ts',
    'box-level.ts',
    'verdict.ts',
    'result.ts',
    'errors.ts',
    'did-you-mean.ts',
    'instant.ts',
    'number-list.ts',
    'permission.ts',
    'pull-request.ts',
    'version.ts',
  ],
  ['statistics', 'identity', 'report', 'answers', 'training'],
  ['pictures'],
  ['gate', 'drift', 'ledger'],
  ['rollout', 'search'],
  ['serving'],
  ['config'],
  ['deploy', 'monitor', 'ports.ts', 'project-port.ts', 'python-port.ts'],
  ['plan', 'search-port.ts', 'shell-port.ts'],
  ['check', 'init', 'host'],
];

/** What all actions share; what lies in another folder belongs to that action alone. Only the bundle's entry names them all. */
const SHARED_ROOMS: readonly string[] = ['job', 'serving'];
const BUNDLE_ENTRY = 'actions/index.ts';
/** The runner's own packages speak to its process: one file each, so that everything else can be run anywhere. */
const RUNNER_PACKAGES: Readonly<Record<string, RegExp>> = {
  '@actions/core': /^actions\/job\/harness\.ts$/,
  '@actions/github': /^actions\/job\//,
  '@actions/exec': /^actions\/job\//,
};

/** The imports that break the order of the house. */
export function findForbiddenImports(house: House): readonly string[] {
  return importsOf(house)
    .filter(({ from }) => partOf(from) in PARTS)
    .filter((taken) => !mayImport(taken))
    .map(({ from, to }) => `${from} imports ${to}`);
}

/** Whether a file may import another, or a package. */
export function mayImport({ from, to, isOwn }: Pick<Import, 'from' | 'to' | 'isOwn'>): boolean {
  const part = partOf(from);
  if (!isOwn) return mayUsePackage(from, to);
  // The version stands there, and nowhere else.
  if (to === 'package.json') return from === 'core/version.ts';
  const target = partOf(to);
  if (part === target)
    return part === 'core' ? mayCoreImport(from, to) : part !== 'actions' || isOwnAction(from, to);
  return PARTS[part]?.includes(target) === true;
}

function mayUsePackage(from: string, name: string): boolean {
  if (partOf(from) === 'core') return name === 'zod' || (name === 'yaml' && from.startsWith('core/config/'));
  return RUNNER_PACKAGES[name]?.test(from) ?? true;
}

function mayCoreImport(from: string, to: string): boolean {
  const [own, other] = [roomOf(from), roomOf(to)];
  if (own === other) return true;
  const layerOf = (room: string) => CORE_LAYERS.findIndex((rooms) => rooms.includes(room));
  return layerOf(other) >= 0 && layerOf(other) < layerOf(own);
}

function isOwnAction(from: string, to: string): boolean {
  const [, folder = '', inside] = to.split('/');
  if (inside === undefined || from === BUNDLE_ENTRY) return true;
  return folder === from.split('/')[1] || SHARED_ROOMS.includes(folder);
}

/** The room of core a file lies in; a file in core itself is one. */
function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

/** Files that import each other in a ring, types counted. */
export function findFileCircles(house: House): readonly (readonly string[])[] {
  return findCircles(toGraph(ownImports(house).map(({ from, to }) => [from, to])));
}

/** Rooms of core that import each other in a ring. */
export function findRoomCircles(house: House): readonly (readonly string[])[] {
  const inside = ownImports(house).filter(({ from, to }) => partOf(from) === 'core' && partOf(to) === 'core');
  return findCircles(toGraph(inside.map(({ from, to }) => [roomOf(from), roomOf(to)])));
}

/** Parts of the repository that import each other in a ring. */
export function findPartCircles(house: House): readonly (readonly string[])[] {
  return findCircles(toGraph(ownImports(house).map(({ from, to }) => [partOf(from), partOf(to)])));
}

function ownImports(house: House): readonly Import[] {
  return importsOf(house).filter(({ isOwn }) => isOwn);
}
