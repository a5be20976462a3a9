import { expect, test } from 'vitest';
import { BESIDE, imagineHouse, PRODUCT, type Source, sourcesIn } from '../../../measure/house/open-house.ts';
import { countFolders, countLines, measureFunctions } from '../../../measure/house/sizes.ts';
import { house } from './support/house.ts';

const MOST_FILE_LINES = 300;
/** A test says one thing after the other, and is read from the top. */
const MOST_TEST_LINES = 380;
const MOST_FUNCTION_LINES = 60;
const MOST_MAIN_LINES = 40;
/** More drawers than these in one chest, and nobody finds one. */
const MOST_FOLDER_FILES = 20;

const sources = sourcesIn(house, [...PRODUCT, ...BESIDE]);

function findLongFiles(files: readonly Source[], most: number): readonly string[] {
  return files.filter((source) => countLines(source) > most).map(({ file }) => file);
}

function findLongFunctions(files: readonly Source[]): readonly string[] {
  return files
    .flatMap(measureFunctions)
    .filter(({ name, lines }) => lines > (name === 'main' ? MOST_MAIN_LINES : MOST_FUNCTION_LINES))
    .map(({ file, name, lines }) => `${file}: ${name} has ${lines} lines`);
}

test(`no file has more than ${MOST_FILE_LINES} lines`, () => {
  expect(findLongFiles(sources, MOST_FILE_LINES)).toEqual([]);
});

test(`no file of tests has more than ${MOST_TEST_LINES} lines`, () => {
  expect(findLongFiles(sourcesIn(house, ['test']), MOST_TEST_LINES)).toEqual([]);
});

test(`no function has more than ${MOST_FUNCTION_LINES} lines, and no main more than ${MOST_MAIN_LINES}`, () => {
  expect(findLongFunctions(sources)).toEqual([]);
});

test(`no folder has more than ${MOST_FOLDER_FILES} files of its own`, () => {
  const full = countFolders(sources.map(({ file }) => file)).filter(([, files]) => files > MOST_FOLDER_FILES);
  expect(full).toEqual([]);
});

test('what is too long by one line is found', () => {
  const body = (lines: number) => `{\n${'  //\n'.repeat(lines - 2)}}`;
  const { sources: imagined } = imagineHouse({
    'core/x.ts': `function fits() ${body(60)}\nconst tooLong = () => ${body(61)};\nfunction main() ${body(41)}\n`,
  });
  expect(findLongFunctions(imagined)).toEqual([
    'core/x.ts: a function has 61 lines',
    'core/x.ts: main has 41 lines',
  ]);
  expect(findLongFiles(imagined, 162)).toEqual([]);
  expect(findLongFiles(imagined, 161)).toEqual(['core/x.ts']);
});
