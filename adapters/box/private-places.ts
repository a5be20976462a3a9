import path from 'node:path';

/** Where people and programs keep what is theirs: keys, sockets that obey whoever finds them, other people's work. */
export const PRIVATE_PLACES: readonly string[] = [
  '/home',
  '/root',
  '/run',
  '/media',
  '/mnt',
  '/var/lib/docker',
  '/var/lib/containerd',
];

/** What the runner's program keeps in its own folder: whoever has it can pass for the runner. */
const RUNNER_FILES = ['.credentials', '.credentials_rsaparams', '.runner', '.env'];

/** The runner's own folders: its command files, other jobs' work, the actions it has fetched; and what it is registered with. */
export function runnerPlaces(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { HOME: home, RUNNER_TEMP: temp, GITHUB_WORKSPACE: workspace, RUNNER_WORKSPACE: work } = env;
  const works = [temp, work].flatMap((folder) => (folder ? [path.dirname(folder)] : []));
  const files = works.flatMap((folder) => RUNNER_FILES.map((name) => path.join(folder, '..', name)));
  const folders = [home, temp, workspace, ...works].flatMap((folder) => (folder ? [folder] : []));
  // A container's job may have its folders at the root, which can't be hidden as a whole.
  return [...folders.filter((folder) => path.dirname(folder) !== folder), ...files];
}

/** Whether a folder lies below one of these, itself not counted. */
export function isBelow(folder: string, places: readonly string[]): boolean {
  return places.some((place) => folder.startsWith(`${place}${path.sep}`) && folder !== place);
}
