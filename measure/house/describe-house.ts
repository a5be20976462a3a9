import { findDoubledTypes, findIdleExports } from './exports.ts';
import { findOpenGuards } from './find-open-guards.ts';
import { findUnreadKeys } from './find-unread-keys.ts';
import { findUnsetFields } from './find-unset-fields.ts';
import { findWideRequests } from './find-wide-requests.ts';
import { findFileCircles, findPartCircles, findRoomCircles } from './layers.ts';
import { BESIDE, type House, PRODUCT, partOf, sourcesIn } from './open-house.ts';
import { countFolders, countLines, measureFunctions } from './sizes.ts';

const LONG_FILE_LINES = 250;
const LONG_FUNCTION_LINES = 60;

/** One figure of the house, and the places behind it. */
export type Figure = { readonly name: string; readonly value: number; readonly places: readonly string[] };

/** The figures a house is judged by, each with the places it counts. */
export function describeHouse(house: House): readonly Figure[] {
  return [
    ...describeRooms(house),
    ...describeSizes(house),
    ...describeNames(house),
    ...describePromises(house),
  ];
}

function describeRooms(house: House): readonly Figure[] {
  const files = sourcesIn(house, [...PRODUCT, ...BESIDE]).map(({ file }) => file);
  const folders = countFolders(files);
  const [fullest] = folders;
  const rooms = Map.groupBy(folders, ([folder]) => partOf(folder));
  const inside = [...rooms].map(([part, own]) => `${part}: ${own.length} folders`);
  const shown = folders.slice(0, 5).map(([folder, count]) => `${folder}: ${count} files`);
  return [
    { name: 'folders with files', value: folders.length, places: inside },
    { name: 'files in the fullest folder', value: fullest?.[1] ?? 0, places: shown },
  ];
}

function describeSizes(house: House): readonly Figure[] {
  const sources = sourcesIn(house, [...PRODUCT, ...BESIDE]);
  const long = sources.filter((source) => countLines(source) > LONG_FILE_LINES).map(({ file }) => file);
  const functions = sources.flatMap(measureFunctions).filter(({ lines }) => lines > LONG_FUNCTION_LINES);
  return [
    count(`files over ${LONG_FILE_LINES} lines`, long),
    count(
      `functions over ${LONG_FUNCTION_LINES} lines`,
      functions.map(({ file, name, lines }) => `${file}: ${name} (${lines})`),
    ),
    count(
      'circles of files',
      findFileCircles(house).map((circle) => circle.join(' ↔ ')),
    ),
    count(
      'circles of rooms in core',
      findRoomCircles(house).map((circle) => circle.join(' ↔ ')),
    ),
    count(
      'circles of parts',
      findPartCircles(house).map((circle) => circle.join(' ↔ ')),
    ),
  ];
}

function describeNames(house: House): readonly Figure[] {
  const idle = findIdleExports(house);
  const takenBy = (whom: string) =>
    idle.filter((one) => one.takenBy === whom).map(({ file, name }) => `${file}: ${name}`);
  const doubled = findDoubledTypes(house).map(({ name, files }) => `${name}: ${files.join(', ')}`);
  return [
    count('exports without importer', takenBy('nobody')),
    count('exports only tests import', takenBy('tests')),
    count('types exported under one name twice', doubled),
  ];
}

function describePromises(house: House): readonly Figure[] {
  const wide = (directly: boolean) =>
    findWideRequests(house, 'actions/deploy/', { directly }).map(
      ({ file, name, fields, unused }) => `${file}: ${name} (${unused.length} of ${fields})`,
    );
  return [
    count(
      'functions of deploy that take over 5 fields which neither they nor what they call use',
      wide(false),
    ),
    count('functions of deploy that take over 5 fields they do not name', wide(true)),
    count('copies of the open-rollout guard', findOpenGuards(house)),
    count('settings of trainyard.yml that nothing reads', findUnreadKeys(house)),
    count('optional fields of core that nothing sets', findUnsetFields(house)),
  ];
}

function count(name: string, places: readonly string[]): Figure {
  return { name, value: places.length, places };
}
