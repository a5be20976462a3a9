/** The repository that is looked at, and its configuration as it is written. */
export type About = {
  readonly folder: string;
  /** The configuration's file, as problems name it. */
  readonly file: string;
  readonly text: string;
  /** Whether git knows the folder. */
  readonly isCheckout: boolean;
};
