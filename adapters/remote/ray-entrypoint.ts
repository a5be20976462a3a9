import type { RemoteJob } from './engine.ts';

/** The variable in which the words of a job travel. */
const CARRIER = 'TRAINYARD_JOB';

/**
 * Becomes the program whose folder, words and variables the named variable holds, with no shell in between. It is the same for every
 * job, and has a space but neither quotes nor `$`, backquotes or backslashes: both ways in which versions of Ray quote words leave it whole.
 */
const LAUNCHER = [
  'import base64,json,os,sys',
  'folder,words,variables=json.loads(base64.b64decode(os.environ.pop(sys.argv[1])))',
  'os.environ.update(variables)',
  'os.chdir(folder)',
  'os.execvp(words[0],words)',
].join('; ');

/** What Ray joins to a line that a shell of the cluster reads: nothing in it comes from a job. */
export const ENTRYPOINT: readonly string[] = ['python3', '-I', '-X', 'utf8', '-c', LAUNCHER, CARRIER];

/**
 * The variables that Ray gives a job, its words among them. In values Ray replaces `$NAME` and `${NAME}` by variables of its own: those
 * with a `$` travel with the words, so that they arrive as they are.
 */
export function carryJob(
  { command, cwd }: Pick<RemoteJob, 'command' | 'cwd'>,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const all = Object.entries(variables);
  const exact = Object.fromEntries(all.filter(([, value]) => value.includes('$')));
  const carried = Buffer.from(JSON.stringify([cwd, command, exact])).toString('base64');
  return { ...Object.fromEntries(all.filter(([, value]) => !value.includes('$'))), [CARRIER]: carried };
}
