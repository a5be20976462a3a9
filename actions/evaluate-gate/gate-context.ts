import type { StoredAnswers } from '../../adapters/read-answers.ts';
import type { Config, Holdout, ServingInput } from '../../core/config/config.ts';
import type { Examples } from '../../core/gate/examples.ts';
import type { Explanation } from '../../core/gate/explain/explanation.ts';
import type { HeldOut } from '../../core/gate/held-out.ts';
import type { Clock, Ledger, Log, Tracking } from '../../core/ports.ts';
import type { PythonRuntime } from '../../core/python-port.ts';
import type { Author } from '../job/author.ts';
import type { Plan } from '../job/handoff.ts';
import type { FetchData } from '../job/programs/fetch-data.ts';

export type GateRequest = {
  readonly plan: Plan;
  readonly config: Config;
  readonly configFile: string;
  /** What the job that ran the challenger's training says of it; the phase that predicts the champion has no use for it. */
  readonly training: string;
  /** What the jobs that predicted say of their predictions; the phases that predict have no use for it. */
  readonly predictions: string;
  readonly author: Author;
};

export type GatePorts = {
  readonly tracking: Tracking;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly python: PythonRuntime;
  readonly hashFile: (file: string) => Promise<string>;
  readonly hashText: (text: string) => string;
  /** A model's answers to so many examples. */
  readonly readAnswers: (file: string, rows: number) => Promise<StoredAnswers>;
  /** By which steps the pictures of a holdout became what a model answered; `undefined` where it held none. */
  readonly readSteps: (file: string) => Promise<ServingInput | undefined>;
  /** What a model's answers hang on, from the file that the runtime wrote. */
  readonly readExplanation: (file: string) => Promise<Explanation>;
  /** All of the workspace's holdout but the inputs. */
  readonly readHoldout: (holdout: Holdout) => Promise<HeldOut>;
  /** Brings the data of the workspace that git does not hold, before any of them are read. */
  readonly fetchData: FetchData;
  /** A file of examples of the workspace. */
  readonly readExamples: (path: string) => Promise<Examples>;
  /** Whether a file belongs to the commit that is checked out. */
  readonly isOfCommit: (file: string) => Promise<boolean>;
  /** The commit that the workspace is at; `undefined` where there is no git. */
  readonly commit: () => Promise<string | undefined>;
  /** A path in the job's temporary folder; nothing is written there yet. */
  readonly tempPath: (name: string) => string;
  readonly writeTemp: (name: string, text: string) => Promise<string>;
};
