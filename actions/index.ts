import { fileURLToPath } from 'node:url';
import type { ActionName } from './job/contract.ts';

type Main = (root: string) => Promise<void>;

/** Each action evaluates its own modules only: all of them together would double the time to the first line of a job. */
const MAINS: Readonly<Record<ActionName, () => Promise<{ readonly main: Main }>>> = {
  plan: () => import(/* webpackMode: "eager" */ './plan/main.ts'),
  train: () => import(/* webpackMode: "eager" */ './train/main.ts'),
  propose: () => import(/* webpackMode: "eager" */ './propose/main.ts'),
  'evaluate-gate': () => import(/* webpackMode: "eager" */ './evaluate-gate/main.ts'),
  register: () => import(/* webpackMode: "eager" */ './register/main.ts'),
  'build-torchserve': () => import(/* webpackMode: "eager" */ './build-torchserve/main.ts'),
  'keep-package': () => import(/* webpackMode: "eager" */ './keep-package/main.ts'),
  deploy: () => import(/* webpackMode: "eager" */ './deploy/main.ts'),
  report: () => import(/* webpackMode: "eager" */ './report/main.ts'),
  'monitor-check': () => import(/* webpackMode: "eager" */ './monitor-check/main.ts'),
};

/** Starts an action by its name, with the root of the checkout that it lies in. */
export async function runAction(name: ActionName, root: URL): Promise<void> {
  const { main } = await MAINS[name]();
  await main(fileURLToPath(root));
}
