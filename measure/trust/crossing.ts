/** Where something runs, or lies, that the others do not simply believe. */
export const PLACES = {
  user: 'User code',
  judge: 'Judge',
  hosts: 'Hosts',
  github: 'GitHub',
  ledger: 'Git ledger',
  mlflow: 'MLflow',
  clients: 'Clients',
  told: 'Service that is told',
} as const;
export type Region = keyof typeof PLACES;

/** The zone of each job of pipeline.yml and monitor.yml. */
export const ZONES: Readonly<Record<string, 'user' | 'judge'>> = {
  ...{ train: 'user', 'search-along': 'user', 'predict-champion': 'user', predict: 'user', build: 'user' },
  ...{
    plan: 'judge',
    judge: 'judge',
    propose: 'judge',
    register: 'judge',
    keep: 'judge',
    report: 'judge',
    deploy: 'judge',
    'take-back': 'judge',
    check: 'judge',
  },
};

/** A test, by its file and the words of its title. */
type Proof = { readonly file: string; readonly title: string };

/** One arrow of docs/security.md. */
export type Crossing = {
  readonly from: Region;
  readonly to: Region;
  /** What crosses, and in which form. */
  readonly what: string;
  /** The digest or signature that the receiving side goes by, and that it computed itself. */
  readonly known: string;
  readonly refused: string;
  readonly proofs: readonly [Proof, ...Proof[]];
  /** What of it stands in the workflows: outputs of jobs (`train.result`), secrets, variables, checkouts, parts of the event. */
  readonly carries: readonly string[];
};
