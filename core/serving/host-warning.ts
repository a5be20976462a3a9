/** What a host says is wrong with itself, by code: what `warnings` of `/v1/state` may hold. */
export const HOST_WARNINGS = {
  /** A version does not answer its share of the requests. */
  versionAway: 'version-away',
  /** The proxy does not run on what it was given. */
  proxyBehind: 'proxy-not-converged',
  /** A version was taken back, and that could not be written down. */
  brakeUnwritten: 'brake-unwritten',
  /** As many connections to predictions are open as the proxy takes, in all or of one client, and others are turned away. */
  connectionsRefused: 'connections-refused',
  /** The machine's clock was set. */
  clockJumped: 'clock-jumped',
  /** What the files of the certificate hold now can't be used, and the one before it is. */
  certificateKept: 'certificate-kept',
  /** The certificate of the control API should have been renewed, or has ended. */
  certificateEnds: 'certificate-ends',
  /** Every user of the host may read what only the agent should. */
  secretsReadable: 'secrets-readable',
  /** Labels came that are none of a model's classes. */
  labelsUnknown: 'labels-unknown',
  /** No monitor has looked at a model for days. */
  monitorSilent: 'monitor-silent',
} as const;

type WarningCode = (typeof HOST_WARNINGS)[keyof typeof HOST_WARNINGS];

const TITLES: Readonly<Record<WarningCode, string>> = {
  'version-away': 'A version does not answer its share of the requests',
  'proxy-not-converged': 'The proxy does not run on what it was given',
  'brake-unwritten': 'A brake could not be written down',
  'connections-refused': 'Connections to predictions are turned away',
  'clock-jumped': 'The clock of the machine was set',
  'certificate-kept': 'The new certificate can not be used',
  'certificate-ends': 'The certificate of the control API ends soon, or has ended',
  'secrets-readable': 'Every user of this host may read its secrets',
  'labels-unknown': 'Labels came that are none of the classes',
  'monitor-silent': 'No monitor has looked for days',
};

/** What a warning is called where people read it: in words, then by its code; one of a newer agent by its code alone. */
export function titleOfWarning(code: string): string {
  const title = Object.entries(TITLES).find(([known]) => known === code)?.[1];
  return title === undefined ? code : `${title} (${code})`;
}
