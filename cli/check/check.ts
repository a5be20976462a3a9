import { findBranch, findCheckout } from '../../adapters/git/describe-checkout.ts';
import { type Checked, passedOver } from '../../core/check/checked.ts';
import { askModel } from './ask-model.ts';
import { lookAtConfiguration } from './look-at-configuration.ts';
import { lookAtData } from './look-at-data.ts';
import { lookAtGate } from './look-at-gate.ts';
import { lookAtProject } from './look-at-project.ts';
import { lookAtWorkflows } from './look-at-workflows.ts';

/** What is to be checked. */
type CheckRequest = {
  /** The repository, or a folder of it. */
  readonly folder: string;
  /** The configuration, from the root of the repository. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This package's folder. */
  readonly root: string;
  /** The default branch. */
  readonly branch?: string;
  /** The model that is asked for predictions, and by which Python. */
  readonly asks?: Pick<Parameters<typeof askModel>[0], 'model' | 'python' | 'onLine'>;
};

/** Everything that can be known of a repository before a push. */
export async function check(request: CheckRequest): Promise<readonly Checked[]> {
  const { file, env, root } = request;
  const checkout = await findCheckout(request.folder);
  const folder = checkout ?? request.folder;
  const { config, text, checked } = await lookAtConfiguration(folder, file, env);
  if (text === undefined) return checked;
  if (config === undefined) {
    return [...checked, passedOver('workflows', 'They are looked at when the configuration can be read.')];
  }
  const about = { folder, file, text, isCheckout: checkout !== undefined };
  const data = await lookAtData(about, config);
  const branch = request.branch ?? (await findBranch(folder))?.name;
  const { asks } = request;
  return [
    ...checked,
    ...(await lookAtProject(about, config)),
    ...data.checked,
    ...(await lookAtGate(about, { env }, config)),
    ...(asks === undefined ? [] : await askModel({ folder, root, env, ...asks }, config)),
    ...(await lookAtWorkflows({ ...about, root, branch, needsLfs: data.isInLfs }, config)),
  ];
}
