import type { Config } from '../../core/config/config.ts';
import { isCloned } from '../../core/config/mlproject/mlproject.ts';
import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import type { StepEnd } from '../../core/project-port.ts';
import { withoutCredentials } from '../git/credentials.ts';

/** What git tells of one name: `<sha>\t<ref>`. */
const TOLD = /^(?<sha>[0-9a-f]{40})\t(?<ref>\S+)$/;
const COMMIT = /^[0-9a-f]{40}$/;
const LOOK_SECONDS = 120;

/** Runs git where the project's steps run: it reaches what they reach, and nothing of the job. */
type RunGit = (
  args: readonly string[],
  bounds: { readonly timeoutSeconds: number; readonly signal?: AbortSignal },
) => Promise<Pick<StepEnd, 'status' | 'code' | 'lines'>>;

/**
 * The commit that a project in another repository (`project.uri`) is at, by its `version`: a branch or tag is what it names now. `undefined`
 * for a folder of this repository. Rejects with a UserError where the repository can't be asked or has no such name.
 */
export async function findProjectCommit(
  { uri, version }: Pick<Config['project'], 'uri' | 'version'>,
  runGit: RunGit,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (!isCloned(uri)) return undefined;
  // Git serves a commit by its whole name alone.
  if (version !== undefined && COMMIT.test(version)) return version;
  const [address = ''] = uri.replace(/^git\+/, '').split('#');
  const end = await runGit(['ls-remote', '--', address, ...namesOf(version)], {
    timeoutSeconds: LOOK_SECONDS,
    ...optional('signal', signal),
  });
  signal?.throwIfAborted();
  if (end.status !== 'succeeded') throw unreachable(address, end);
  const told = end.lines.flatMap((line) => {
    const { sha, ref } = TOLD.exec(line)?.groups ?? {};
    return sha === undefined || ref === undefined ? [] : [{ sha, ref }];
  });
  const found = namesOf(version).flatMap((name) => told.filter(({ ref }) => ref === name));
  const [first] = found;
  if (first === undefined) throw unknownVersion(address, version ?? 'HEAD');
  return first.sha;
}

/** What a version may be, in the order that it is looked for: of a tag that is an object, the commit that it is of. */
function namesOf(version: string | undefined): readonly string[] {
  if (version === undefined) return ['HEAD'];
  return [`refs/tags/${version}^{}`, `refs/tags/${version}`, `refs/heads/${version}`];
}

function unreachable(address: string, { code, lines }: Pick<StepEnd, 'code' | 'lines'>): UserError {
  const said = lines.find((line) => line.startsWith('fatal:')) ?? `git ended with ${code ?? 'a signal'}`;
  return new UserError([
    {
      code: 'project-unreachable',
      message: `The project's repository can't be asked: ${withoutCredentials(said)}.`.replace(/\.\.$/, '.'),
      remedy:
        'Correct project.uri, and see that the gpu-runner reaches it without a password: the box has none of the job’s. One that needs a token can be checked out beside, as a submodule.',
      where: { kind: 'endpoint', endpoint: withoutCredentials(address) },
    },
  ]);
}

function unknownVersion(address: string, version: string): UserError {
  const isShort = /^[0-9a-f]{7,39}$/.test(version);
  return new UserError([
    {
      code: 'project-version-unknown',
      message: `The project's repository has no branch and no tag \`${version}\`.`,
      remedy: isShort
        ? 'A commit is named by all of its 40 digits in project.version.'
        : 'Correct project.version in trainyard.yml.',
      where: { kind: 'endpoint', endpoint: withoutCredentials(address) },
    },
  ]);
}
