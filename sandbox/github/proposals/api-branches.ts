import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  type Answer,
  type ApiContext,
  type Call,
  exampleOf,
  NOT_FOUND,
  unprocessable,
} from '../api-answers.ts';
import { addUpdate } from '../repository.ts';
import { asObject, type Json } from '../representations.ts';

const HEADS = 'refs/heads/';

/** A ref that nothing has yet, at a commit that is there. */
export function createRef(context: ApiContext, { body }: Call): Answer {
  const { ref, sha } = z.object({ ref: z.string(), sha: z.string() }).parse(body);
  if (!/^refs\/[^/]+\/.+$/.test(ref)) return unprocessable('ref', 'is not a fully qualified reference');
  if (context.resolveRef(ref) !== undefined) return refusal(422, 'Reference already exists');
  if (!/^[0-9a-f]{40}$/.test(sha) || context.resolveRef(sha) === undefined) {
    return refusal(422, 'Object does not exist');
  }
  try {
    context.pointRef(ref, sha);
  } catch {
    // Git keeps no ref below another: `a/b` beside `a`.
    return refusal(422, 'Reference update failed');
  }
  if (ref.startsWith(HEADS)) {
    addUpdate(context.repository, { branch: ref.slice(HEADS.length), before: undefined, after: sha });
  }
  return { status: 201, body: describeRef(context, ref, sha) };
}

/** One ref, by its whole name. */
export function getRef(context: ApiContext, { parameters }: Call): Answer {
  const ref = `refs/${decodeURIComponent(parameters['ref'] ?? '')}`;
  const sha = context.resolveRef(ref);
  return sha === undefined ? NOT_FOUND : { status: 200, body: describeRef(context, ref, sha) };
}

/** Commits one file on top of a branch. A file that is there is changed only by who names the bytes that it had. */
export function putContent(context: ApiContext, { parameters, body, user }: Call): Answer {
  const wanted = z
    .object({
      message: z.string(),
      content: z.string(),
      sha: z.string().optional(),
      branch: z.string().optional(),
    })
    .parse(body);
  const { repository } = context;
  const { message, content, sha, branch = repository.defaultBranch } = wanted;
  const path = decodeURIComponent(parameters['path'] ?? '');
  const before = context.resolveRef(`${HEADS}${branch}`);
  if (before === undefined) return refusal(404, `Branch ${branch} not found`);
  const present = context.showFile(before, path);
  if (present !== undefined && sha === undefined) {
    return refusal(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  }
  if (present !== undefined && sha !== undefined && blobOf(present) !== sha) {
    return refusal(409, `${path} does not match ${sha}`);
  }
  const text = Buffer.from(content, 'base64').toString('utf8');
  const after = context.commit({ branch, files: { [path]: text }, message, author: user });
  addUpdate(repository, { branch, before, after });
  for (const { number, head } of repository.issues.values()) {
    if (head?.branch === branch) context.pointRef(`refs/pull/${number}/head`, after);
  }
  const example = exampleOf(context, 'putContent');
  return {
    status: present === undefined ? 201 : 200,
    body: {
      ...example,
      content: { ...asObject(example['content']), path, name: path.split('/').at(-1), sha: blobOf(text) },
      commit: { ...asObject(example['commit']), sha: after, message },
    },
  };
}

/** The name that git has for a file of these bytes. */
export function blobOf(text: string): string {
  const bytes = Buffer.from(text);
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function describeRef(context: ApiContext, ref: string, sha: string): Json {
  const example = exampleOf(context, 'getRef');
  return { ...example, ref, object: { ...asObject(example['object']), type: 'commit', sha } };
}

function refusal(status: number, message: string): Answer {
  return {
    status,
    body: { message, documentation_url: 'https://docs.github.com/rest', status: String(status) },
  };
}
