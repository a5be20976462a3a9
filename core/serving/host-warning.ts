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
