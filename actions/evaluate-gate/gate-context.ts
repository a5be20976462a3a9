import type { StoredPredictions } from '../../adapters/read-predictions.ts';
import type { Config } from '../../core/config/config.ts';
import type { Clock, Ledger, Log, PythonRuntime, Tracking } from '../../core/ports.ts';
import type { Author } from '../job/author.ts';
import type { Plan } from '../job/handoff.ts';

export type GateRequest = {
  readonly plan: Plan;
  readonly config: Config;
  readonly configFile: string;
  readonly runId: string;
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
  readonly readPredictions: (file: string) => Promise<StoredPredictions>;
  readonly readText: (file: string) => Promise<string>;
  /** A path in the job's temporary folder; nothing is written there yet. */
  readonly tempPath: (name: string) => string;
  readonly writeTemp: (name: string, text: string) => Promise<string>;
};
