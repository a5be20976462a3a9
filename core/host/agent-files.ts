import { HOST_LAYOUT, HOST_USER } from './layout.ts';

/** How the agent of a host is told to run. */
export type HostSettings = {
  /** IP addresses with ports that it listens on. */
  readonly listen: string;
  readonly dataPlane: string;
  readonly hostName: string;
  readonly environment: string;
  /** Where reports go; none are sent without. */
  readonly repository?: string;
  /** Further options of the agent, by their flags without dashes. */
  readonly further: Readonly<Record<string, string>>;
};

/** Files of a host with what is secret or trusted, by what they are. */
export const SETTING_FILES = {
  tokens: `${HOST_LAYOUT.settings}/tokens`,
  certificate: `${HOST_LAYOUT.settings}/tls.crt`,
  key: `${HOST_LAYOUT.settings}/tls.key`,
  trustedKeys: `${HOST_LAYOUT.settings}/signing.pub`,
  dispatchSecret: `${HOST_LAYOUT.settings}/dispatch-secret`,
  githubToken: `${HOST_LAYOUT.settings}/github-token`,
} as const;

/** The agent's options as variables, a line each, as a unit and a shell read them: no value has a blank or a quote. */
export function composeOptions(settings: HostSettings): string {
  const { listen, dataPlane, hostName, environment, repository, further } = settings;
  const options: Readonly<Record<string, string>> = {
    DATA_DIR: HOST_LAYOUT.data,
    PYTHON: HOST_LAYOUT.python,
    HOST_NAME: hostName,
    ENVIRONMENT: environment,
    LISTEN: listen,
    DATA_PLANE: dataPlane,
    TOKENS_FILE: SETTING_FILES.tokens,
    TLS_CERT: SETTING_FILES.certificate,
    TLS_KEY: SETTING_FILES.key,
    TRUSTED_KEYS: SETTING_FILES.trustedKeys,
    ...(repository !== undefined && {
      REPOSITORY: repository,
      GITHUB_TOKEN_FILE: SETTING_FILES.githubToken,
      DISPATCH_SECRET_FILE: SETTING_FILES.dispatchSecret,
    }),
    ...Object.fromEntries(
      Object.entries(further).map(([flag, value]) => [flag.toUpperCase().replaceAll('-', '_'), value]),
    ),
  };
  return [
    '# Written by `trainyard host add`, which writes it anew.',
    ...Object.entries(options).map(([name, value]) => `TRAINYARD_AGENT_${name}=${value}`),
    // Fewer pools of free memory: the agent mostly waits.
    'MALLOC_ARENA_MAX=1',
    '',
  ].join('\n');
}

/** An agent that fails is tried again, however often: nobody else brakes here. */
const ONLINE = ['After=network-online.target', 'Wants=network-online.target', 'StartLimitIntervalSec=0'];

/** How an agent's unit starts it: as `host add` has laid it out, or as its package has. */
const STARTS = {
  'host add': {
    note: 'Written by `trainyard host add`, which writes it anew.',
    unit: [],
    service: [
      `EnvironmentFile=${HOST_LAYOUT.options}`,
      `ExecStart=${HOST_LAYOUT.node} ${HOST_LAYOUT.agent} run`,
    ],
  },
  package: {
    note: 'Of the package trainyard-agent. `systemctl edit trainyard-agent` changes it.',
    // A package just installed has none, and an agent that starts and ends each second helps nobody.
    unit: [`ConditionPathExists=${SETTING_FILES.tokens}`],
    service: ['ExecStart=/usr/bin/trainyard-agent run'],
  },
} as const;

/**
 * The agent's unit. Model servers and proxy are children that outlive it, so what binds it binds them: they compile code, use GPUs, and keep
 * the places they were started in. So there is no PrivateTmp, which would take /tmp from under them at each stop of the agent, no RemoveIPC,
 * no PrivateUsers, with which the next agent could not tell that they are its own (capabilities(7): a process of another user namespace
 * can't be looked into), no ProtectClock and no DevicePolicy, which leave no device of a GPU, and no MemoryDenyWriteExecute.
 */
export function composeUnit(start: keyof typeof STARTS): string {
  const { note, unit, service } = STARTS[start];
  return `# ${note}
[Unit]
Description=Trainyard agent
${[...ONLINE, ...unit].join('\n')}

[Service]
User=${HOST_USER}
StateDirectory=trainyard
StateDirectoryMode=0750
UMask=0077
${service.join('\n')}
Restart=always
RestartSec=1
# Only the agent is stopped: model servers and proxy serve on, and the next start adopts them.
KillMode=process
# Nor is it stopped where the kernel ends one of them, or a reader of tables, for want of memory.
OOMPolicy=continue
NoNewPrivileges=yes
AmbientCapabilities=
CapabilityBoundingSet=
LockPersonality=yes
PrivateMounts=yes
ProtectSystem=strict
ProtectHome=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# What is asked for beyond that is refused, and ends nothing.
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}
