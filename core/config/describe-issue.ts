import type { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import { readCrossParams } from './cross-problem.ts';
import type { SchemaNode } from './schema/schema-node.ts';

/** What is wrong at a place of the file, in words. With `key`, it is that key of the place. */
type IssueText = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly key?: string;
};

type Issue = z.core.$ZodIssue;

/** Says in words what zod found wrong; `node` is what the schema says of the place. An unknown key each is one text. */
export function describeIssue(issue: Issue, node: SchemaNode | undefined): readonly IssueText[] {
  const name = issue.path.length === 0 ? 'The file' : `\`${formatPath(issue.path)}\``;
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, name, node));
  if (issue.code === 'invalid_key') return [badKey(issue, name)];
  if (issue.code === 'invalid_type' && issue.input === undefined && node !== undefined) {
    return [
      { code: 'missing-key', message: `${name} is missing.`, remedy: `Add it. ${explain(node)}`.trim() },
    ];
  }
  if (issue.code === 'custom') {
    const params = readCrossParams(issue.params);
    if (params !== undefined) return [{ ...params, message: issue.message }];
  }
  if (issue.code === 'invalid_value') return [wrongChoice(issue, name, node)];
  return [{ code: codeOf(issue), message: `${name} ${sayWhat(issue)}.`, remedy: explain(node) }];
}

/** `environments.production.hosts[0]` for a path. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function unknownKey(key: string, name: string, node: SchemaNode | undefined): IssueText {
  const known = node?.keys ?? [];
  const nearest = didYouMean(key, known);
  const list = known.length === 0 ? '' : `Keys here: ${known.join(', ')}.`;
  return {
    code: 'unknown-key',
    message: `${name} has no key \`${key}\`.`,
    remedy:
      nearest === undefined ? `Remove it. ${list}`.trim() : `Did you mean \`${nearest}\`? ${list}`.trim(),
    key,
  };
}

function badKey(issue: z.core.$ZodIssueInvalidElement | z.core.$ZodIssueInvalidKey, name: string): IssueText {
  const why = issue.issues[0]?.message ?? 'is not allowed here';
  return { code: 'invalid-name', message: `${name} ${why}.`, remedy: 'Rename it.' };
}

function wrongChoice(
  issue: z.core.$ZodIssueInvalidValue,
  name: string,
  node: SchemaNode | undefined,
): IssueText {
  const choices = issue.values.map(String);
  const written = issue.input === undefined ? undefined : String(issue.input);
  const nearest = written === undefined ? undefined : didYouMean(written, choices);
  const list = choices.length === 1 ? `Write \`${choices[0]}\`.` : `Choose one of ${choices.join(', ')}.`;
  if (written === undefined) {
    return { code: 'missing-key', message: `${name} is missing.`, remedy: `${list} ${explain(node)}`.trim() };
  }
  return {
    code: 'wrong-choice',
    message: `${name} is \`${written}\`, which it can't be.`,
    remedy: nearest === undefined || choices.length === 1 ? list : `Did you mean \`${nearest}\`? ${list}`,
  };
}

function sayWhat(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.startsWith('must ')
        ? issue.message
        : `must be ${nounOf(issue.expected)}, not ${describeValue(issue.input)}`;
    case 'too_small':
      return `must ${sayLimit('at least', { ...issue, limit: issue.minimum })}`;
    case 'too_big':
      return `must ${sayLimit('at most', { ...issue, limit: issue.maximum })}`;
    default:
      return issue.message.replace(/\.$/, '');
  }
}

/** A limit of a value, of a text's length or of a list's (`origin` says which). */
type Limit = {
  readonly limit: number | bigint;
  readonly inclusive?: boolean | undefined;
  readonly origin: string;
};

function sayLimit(side: 'at least' | 'at most', { limit, inclusive = true, origin }: Limit): string {
  if (origin === 'string')
    return side === 'at least' && limit === 1 ? 'not be empty' : `have ${side} ${limit} characters`;
  if (origin === 'array')
    return side === 'at least' && limit === 1 ? 'not be empty' : `have ${side} ${limit} entries`;
  if (inclusive) return `be ${side} ${limit}`;
  return `be ${side === 'at least' ? 'more' : 'less'} than ${limit}`;
}

function codeOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_union':
      return 'wrong-type';
    case 'too_small':
    case 'too_big':
      return 'out-of-range';
    default:
      return 'invalid-value';
  }
}

function nounOf(expected: string): string {
  const nouns: Readonly<Record<string, string>> = {
    object: 'a section of keys',
    record: 'a section of keys',
    array: 'a list',
    tuple: 'a list of two',
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return nouns[expected] ?? expected;
}

function describeValue(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a section of keys';
  return typeof value === 'string' ? `the text ${JSON.stringify(value)}` : `\`${String(value)}\``;
}

function explain(node: SchemaNode | undefined): string {
  const example = node?.example === undefined ? '' : `For example \`${node.example}\`.`;
  const said = `${node?.description ?? ''} ${example}`.trim();
  return said === '' ? 'Correct it, or leave it out.' : said;
}
