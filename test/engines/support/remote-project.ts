import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../../sandbox/checkout.ts';
import { type StartedJob, startTrainAction } from './train-action.ts';

/** A project that runs at a remote engine. */
type RemoteProject = {
  /** As `project.remote` says it, in YAML. */
  readonly remote: string;
  readonly trackingUri: string;
  /** What its training runs; that of the tiny project unless told. */
  readonly command?: string | undefined;
};

/** Starts a training of that name in a workspace below this folder, on a runner with these variables. */
export function startRemote(
  folder: string,
  name: string,
  { env, ...project }: RemoteProject & { readonly env: Readonly<Record<string, string>> },
): { readonly workspace: string; readonly job: StartedJob } {
  const workspace = path.join(folder, name);
  makeWorkspace(workspace, project);
  const temp = path.join(folder, `temp-${name}`);
  const job = startTrainAction({ workspace, temp, correlationId: name, box: { remote: true }, env });
  return { workspace, job };
}

function makeWorkspace(workspace: string, { remote, trackingUri, command }: RemoteProject): void {
  mkdirSync(workspace, { recursive: true });
  cpSync(
    path.join(ROOT, 'test', 'fixtures', 'projects', 'tiny', 'train.py'),
    path.join(workspace, 'train.py'),
  );
  const run = command ?? 'python train.py --scale {scale}';
  const entry = `entry_points: { main: { parameters: { scale: float }, command: ${JSON.stringify(run)} } }\n`;
  writeFileSync(path.join(workspace, 'MLproject'), entry);
  const lines = [
    'version: 1',
    'model: tiny',
    `tracking: { uri: "${trackingUri}" }`,
    `project: { remote: ${remote}, parameters: { scale: 3.0 } }`,
    'gate: [{ metric: accuracy, floor: 0.1 }]',
  ];
  writeFileSync(path.join(workspace, 'trainyard.yml'), `${lines.join('\n')}\n`);
}

/** A command that says that it is at work, and then waits for a file; what it has started ends with it or is found in `/proc`. */
export function waitingCommand(workspace: string): string {
  return `echo at work; until test -e ${path.join(workspace, 'go')}; do sleep 0.2; done; echo went on; exit 3`;
}

/** Lets it go on. */
export function letGo(workspace: string): void {
  if (!existsSync(path.join(workspace, 'go'))) writeFileSync(path.join(workspace, 'go'), '');
}
