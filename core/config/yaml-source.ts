import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import { messageOf, type Problem, type Where } from '../errors.ts';
import { err, ok, type Result } from '../result.ts';
import { findExcess } from './bound-yaml.ts';
import { expandVariables, unescapeVariables } from './expand-variables.ts';
import { findSecret } from './find-secret.ts';

type Path = readonly PropertyKey[];

/** Variables of the repository that our workflows hand on to their jobs. */
const HANDED_ON: ReadonlySet<string> = new Set(['MLFLOW_TRACKING_URI']);

/** A YAML file that remembers where everything stands in it. */
export type YamlSource = {
  /** The file's content, variables filled in. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where the value at `path` stands; with `key`, where that key of it stands. A path that does not exist gives the nearest parent. */
  readonly locate: (path: Path, key?: string) => Where;
  /** Whether the value at `path` names a variable that has no value. */
  readonly isUnresolved: (path: Path) => boolean;
};

type YamlOptions = {
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a variable without a value is a problem in this top-level section; else it stays as written. */
  readonly needs: (section: string) => boolean;
  /** Whether anything that is wrong in this top-level section is a problem at all. */
  readonly counts: (section: string) => boolean;
  /** Whether the text at this path of keys is for a shell, which fills its variables in by itself: none here. */
  readonly isForShell?: (path: string) => boolean;
};

/** Reads YAML 1.2, fills in `${NAME}` and `${NAME:-default}`, and refuses secrets written out. */
export function readYaml(text: string, options: YamlOptions): YamlSource {
  const lines = new LineCounter();
  const excess = findExcess(text);
  if (excess !== undefined) {
    const where: Where = { kind: 'file', file: options.file };
    return unreadable([excessProblem(excess, where)], where);
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placeAt = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { kind: 'file', file: options.file, line, column: col };
  };
  // What follows the first slip is read as something it is not: only that one is told.
  const [slip] = document.errors;
  if (slip !== undefined) {
    const where = placeAt(slip.pos[0]);
    return unreadable([syntaxProblem(slip.message, where, findUnquoted(text, slip.pos[0]))], placeAt(0));
  }
  const { problems, unresolved } = fillScalars(document, options, placeAt);
  const value = toValue(document);
  if (!value.ok) return unreadable([syntaxProblem(value.error, placeAt(0))], placeAt(0));
  return {
    value: value.value,
    problems,
    locate: (path, key) => placeAt(findOffset(document, path, key)),
    isUnresolved: (path) => {
      const node = findNode(document, path);
      return node !== undefined && unresolved.has(node);
    },
  };
}

/** Reads YAML as it is written: what names a variable stays so, and only what can't be read is a problem. */
export function readWrittenYaml(text: string, file: string): YamlSource {
  return readYaml(text, { file, env: {}, needs: () => false, counts: () => false });
}

/** Aliases can make a short file an endless one; yaml refuses to go on and so do we. */
function toValue(document: Document<ParsedNode>): Result<unknown, string> {
  try {
    return ok(document.toJS({ maxAliasCount: 100 }));
  } catch (thrown) {
    return err(messageOf(thrown));
  }
}

/** Fills the variables in, in place; gives the problems, and the scalars that still name a variable. */
function fillScalars(
  document: Document<ParsedNode>,
  options: YamlOptions,
  placeAt: (offset: number) => Where,
): { readonly problems: readonly Problem[]; readonly unresolved: ReadonlySet<Node> } {
  const problems: Problem[] = [];
  const unresolved = new Set<Node>();
  visit(document, {
    Alias: (_key, node, ancestors) => {
      const keys = keysOf(ancestors);
      if (options.isForShell?.(keys.join('.')) !== true || !options.counts(keys[0] ?? '')) return;
      problems.push(aliasForShell(keys.join('.'), placeAt(node.range?.[0] ?? 0)));
    },
    Scalar: (key, node, ancestors) => {
      if (key === 'key') return nameFlag(node);
      if (typeof node.value !== 'string') return;
      const where = placeAt(node.range?.[0] ?? 0);
      const keys = keysOf(ancestors);
      const [section = ''] = keys;
      const secret = findSecret(node.value);
      if (secret !== undefined && options.counts(section)) problems.push(secretProblem(secret, where));
      const { value, missing } = expandVariables(node.value, options.env);
      const isForShell = options.isForShell?.(keys.join('.')) === true;
      if (isForShell) node.value = unescapeVariables(node.value);
      else if (missing.length === 0) return fillScalar(node, value);
      if (missing.length === 0) return;
      unresolved.add(node);
      if (options.counts(section) && options.needs(section)) {
        problems.push(...missing.map((name) => missingVariable(name, where)));
      }
    },
  });
  return { problems, unresolved };
}

/** What an anchor holds was filled in where it stands: no value may become a part of a command. */
function aliasForShell(key: string, where: Where): Problem {
  return {
    code: 'alias-not-taken',
    message: `\`${key}\` is an alias, and its variables are left to the shell, where those of its anchor are not.`,
    remedy: 'Write the command out here.',
    where,
  };
}

/** A flag as a key is a label or a class, so it is the text that Python makes of it. */
function nameFlag(node: Scalar): void {
  if (typeof node.value === 'boolean') node.value = node.value ? 'True' : 'False';
}

/** A plain scalar that came from a variable is read as YAML reads it written out: `trials: ${TRIALS}` is a number. */
function fillScalar(node: Scalar, value: string): void {
  if (value === node.value) return;
  const plain = node.type === 'PLAIN' ? parseDocument(value).toJS() : value;
  node.value = typeof plain === 'number' || typeof plain === 'boolean' ? plain : value;
}

/** The keys of the mappings that a value lies in, the outermost first. */
function keysOf(ancestors: readonly unknown[]): readonly string[] {
  return ancestors.flatMap((ancestor) =>
    isPair(ancestor) && isScalar(ancestor.key) ? [String(ancestor.key.value)] : [],
  );
}

function findNode(document: Document<ParsedNode>, path: Path): Node | undefined {
  let node: unknown = document.contents;
  for (const segment of path) node = stepInto(document, node, segment)?.value;
  return resolve(document, node);
}

function findOffset(document: Document<ParsedNode>, path: Path, key: string | undefined): number {
  let node: unknown = document.contents;
  let offset = offsetOf(node) ?? 0;
  for (const segment of path) {
    const step = stepInto(document, node, segment);
    if (step === undefined) return offset;
    node = step.value;
    offset = offsetOf(node) ?? offsetOf(step.key) ?? offset;
  }
  if (key === undefined) return offset;
  return offsetOf(stepInto(document, node, key)?.key) ?? offset;
}

function stepInto(
  document: Document<ParsedNode>,
  node: unknown,
  segment: PropertyKey,
): { readonly key: unknown; readonly value: unknown } | undefined {
  const container = resolve(document, node);
  if (isSeq(container)) {
    const value = container.items[Number(segment)];
    return value === undefined ? undefined : { key: value, value };
  }
  if (!isMap(container)) return undefined;
  return container.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
}

function resolve(document: Document<ParsedNode>, node: unknown): Node | undefined {
  if (isAlias(node)) return node.resolve(document);
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

function offsetOf(node: unknown): number | undefined {
  if (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)) return node.range?.[0];
  return undefined;
}

function unreadable(problems: readonly Problem[], start: Where): YamlSource {
  return { value: undefined, problems, locate: () => start, isUnresolved: () => false };
}

/** A variable without quotes around it, before a slip and on its line: between braces, its own brace ends the section. */
function findUnquoted(text: string, offset: number): string | undefined {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1).split('\n', 1)[0] ?? '';
  return /(?<!["'\w$])\$\{\w+[^}]*\}[^\s,}\]]*/.exec(line.replaceAll(/"[^"]*"|'[^']*'/g, ''))?.[0];
}

function syntaxProblem(message: string, where: Where, unquoted?: string): Problem {
  return {
    code: 'yaml-syntax',
    message: `This is not valid YAML: ${message.replace(/\.$/, '')}.`,
    remedy:
      unquoted === undefined
        ? 'Check the indentation, quotes and brackets here and on the line before.'
        : `Put quotes around what holds a variable: \`"${unquoted}"\`.`,
    where,
  };
}

/** The problem that a configuration is none that anybody would write. */
export function excessProblem({ code, message }: Pick<Problem, 'code' | 'message'>, where: Where): Problem {
  return { code, message, remedy: 'Keep in it what Trainyard reads, and nothing else.', where };
}

function secretProblem(what: string, where: Where): Problem {
  return {
    code: 'secret-in-file',
    message: `This looks like ${what}; everyone who can read the repository can read it.`,
    remedy: `Revoke it, store a new one as a secret of the repository, and name it here as \`\${NAME}\`.`,
    where,
  };
}

function missingVariable(name: string, where: Where): Problem {
  return {
    code: 'missing-variable',
    message: `The variable ${name} has no value.`,
    // A caller's `env` does not reach a reusable workflow: GitHub hands only inputs, secrets and variables on.
    remedy: `Set it ${HANDED_ON.has(name) ? 'as a variable of the repository' : `as the line \`${name}=…\` of the repository variable TRAINYARD_ENV, or of the workflow's input \`env\``}, or in the environment of the runners (their \`.env\` file), or give a default: \`\${${name}:-…}\`.`,
    where,
  };
}
