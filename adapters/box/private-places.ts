import path from 'node:path';

/** Where people and programs keep what is theirs: keys, sockets that obey whoever finds them, other people's work. */
const PEOPLES_PLACES = ['/home', '/root', '/run', '/var/lib/docker', '/var/lib/containerd'];

/** The same, and disks that others may have put there. */
const PRIVATE_PLACES: readonly string[] = [...PEOPLES_PLACES, '/media', '/mnt'];

/** What the runner's program keeps in its own folder: whoever has it can pass for the runner. */
const RUNNER_FILES = ['.credentials', '.credentials_rsaparams', '.runner', '.env'];

/** The runner's own folders: its command files, other jobs' work, the actions it has fetched; and what it is registered with. */
function runnerPlaces(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { HOME: home, RUNNER_TEMP: temp, GITHUB_WORKSPACE: workspace, RUNNER_WORKSPACE: work } = env;
  const works = [temp, work].flatMap((folder) => (folder ? [path.dirname(folder)] : []));
  const files = works.flatMap((folder) => RUNNER_FILES.map((name) => path.join(folder, '..', name)));
  const folders = [home, temp, workspace, ...works].flatMap((folder) => (folder ? [folder] : []));
  // A container's job may have its folders at the root, which can't be hidden as a whole.
  return [...folders.filter((folder) => path.dirname(folder) !== folder), ...files];
}

/** Everything that a box hides. */
export function hiddenPlaces(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return [...PRIVATE_PLACES, ...runnerPlaces(env)];
}

/** Whether a folder lies below one of these, itself not counted. */
export function isBelow(folder: string, places: readonly string[]): boolean {
  return places.some((place) => folder.startsWith(`${place}${path.sep}`));
}

/** Whether a folder is a whole home, or has one, the workspace or the runner's folders in it: who names a file means less than that. */
export function holdsPrivate(folder: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const isTop = [folder, '/home'].includes(path.dirname(folder));
  return (
    isTop || [...PEOPLES_PLACES, ...runnerPlaces(env)].some((place) => `${place}/`.startsWith(`${folder}/`))
  );
}
