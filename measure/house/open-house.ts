import path from 'node:path';
import ts from 'typescript';

/** The folders that hold the product, and what stands beside it: a stand-in world, evidence, commands. */
export const PRODUCT = ['core', 'adapters', 'actions', 'agent', 'cli'] as const;
export const BESIDE = ['sandbox', 'measure', 'scripts'] as const;

/** One file of the repository, read and parsed. */
export type Source = {
  /** From the root of the repository, with `/`. */
  readonly file: string;
  readonly tree: ts.SourceFile;
};

/** A whole repository, as the compiler sees it. */
export type House = {
  readonly root: string;
  /** Every file the compiler is told of, tests included. */
  readonly sources: readonly Source[];
  readonly checker: ts.TypeChecker;
};

const opened = new Map<string, House>();

/**
 * Reads the repository that a folder holds, by its tsconfig.json and those of the folders which that leaves out since they run among other
 * globals, in a browser: once per process, for it takes seconds.
 */
export function openHouse(root: string): House {
  const known = opened.get(root);
  if (known !== undefined) return known;
  const { files, options, exclude } = readProject(root);
  const apart = exclude
    .map((folder) => path.join(root, folder))
    .filter((folder) => ts.sys.fileExists(path.join(folder, 'tsconfig.json')))
    .map(readProject);
  const all = [...files, ...apart.flatMap((project) => project.files)];
  const lib = [options, ...apart.map((project) => project.options)].flatMap((one) => one.lib ?? []);
  const house = createHouse(root, ts.createProgram(all, { ...options, lib, incremental: false }));
  opened.set(root, house);
  return house;
}

type Project = {
  readonly files: readonly string[];
  readonly options: ts.CompilerOptions;
  readonly exclude: readonly string[];
};

function readProject(folder: string): Project {
  const { config } = ts.readConfigFile(path.join(folder, 'tsconfig.json'), ts.sys.readFile);
  const { fileNames, options, raw } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  return { files: fileNames, options, exclude: raw.exclude ?? [] };
}

/** Files given as text, for tests of the rules: by path, with what they hold. Nothing but these and the language's own types exists. */
export function imagineHouse(files: Readonly<Record<string, string>>): House {
  const root = '/imagined';
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const texts = new Map(Object.entries(files).map(([file, text]) => [path.posix.join(root, file), text]));
  const imagined: ts.CompilerHost = {
    ...host,
    fileExists: (file) => texts.has(file) || host.fileExists(file),
    readFile: (file) => texts.get(file) ?? host.readFile(file),
    getSourceFile: (file, languageVersion) => {
      const text = texts.get(file);
      return text === undefined
        ? host.getSourceFile(file, languageVersion)
        : ts.createSourceFile(file, text, languageVersion, true);
    },
    directoryExists: () => true,
    getCurrentDirectory: () => root,
  };
  return createHouse(root, ts.createProgram([...texts.keys()], options, imagined));
}

function createHouse(root: string, program: ts.Program): House {
  const sources = program
    .getSourceFiles()
    .map((tree) => ({ file: path.relative(root, tree.fileName).split(path.sep).join('/'), tree }))
    .filter(({ file }) => !file.startsWith('..') && !file.includes('node_modules/'))
    .filter(({ file, tree }) => file.endsWith('.ts') && !tree.isDeclarationFile);
  return { root, sources, checker: program.getTypeChecker() };
}

/** The first folder of a path: the part of the house it belongs to. */
export function partOf(file: string): string {
  return file.split('/')[0] ?? '';
}

/** The sources below these folders. */
export function sourcesIn(house: House, parts: readonly string[]): readonly Source[] {
  return house.sources.filter(({ file }) => parts.includes(partOf(file)));
}
