/** A step as an engine takes it. */
export type RemoteJob = {
  /** A name that no other job has. */
  readonly name: string;
  readonly command: readonly string[];
  /** Where it runs: a folder that is at the same path on all machines. */
  readonly cwd: string;
  readonly timeoutSeconds: number;
  /** What the engine's `settings` give, as JSON in a file that nobody else reads: a list of processes shows nothing of it. */
  readonly variablesFile: string;
};

/** What follows one job by what the engine's program prints. */
export type JobLog = {
  /** Takes every line as it passes: of a long log only the last lines are kept. */
  readonly onLine: (line: string) => void;
  /** The exit code of the job itself, by that of the engine's program; none where nothing says how the job ended. */
  readonly codeOf: (code: number | undefined) => number | undefined;
};

/** What runs jobs on other machines. Every one is a program of the runner that starts a job, prints what it prints, and ends as it ends. */
export type RemoteEngine = {
  /** The command line that runs a job to its end. */
  readonly submit: (job: RemoteJob) => readonly [string, ...string[]];
  /** The command line that ends a job, wherever it is: waiting, at work, or gone already. */
  readonly cancel: (job: RemoteJob) => readonly [string, ...string[]];
  /** What the engine is told in a file, where its program does not hand the variables of the step on by itself. */
  readonly settings?: (job: RemoteJob, variables: Readonly<Record<string, string>>) => object;
  readonly follow: (job: RemoteJob) => JobLog;
};
