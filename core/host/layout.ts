/** The agent's user on a serving host, whom its model servers and its proxy run as, too. */
export const HOST_USER = 'trainyard';

/** Where the Debian package has its programs: they are there as long as it is installed. */
export const PACKAGE_PROGRAMS = '/usr/lib/trainyard-agent';

/** Where things lie on a serving host that the command line has set up. */
export const HOST_LAYOUT = {
  /** Programs, which only root changes. */
  programs: '/opt/trainyard',
  node: '/opt/trainyard/bin/node',
  environment: '/opt/trainyard/venv',
  python: '/opt/trainyard/venv/bin/python',
  /** What the environment was made of: what it is compared with at the next time. */
  installed: '/opt/trainyard/installed.txt',
  agent: '/opt/trainyard/agent.mjs',
  /** What is sent, until it is where it belongs. */
  incoming: '/opt/trainyard/incoming',
  /** A digest of all that the running agent was started with. */
  started: '/opt/trainyard/started',
  /** Settings and secrets, which the agent reads and only root changes. */
  settings: '/etc/trainyard',
  options: '/etc/trainyard/agent.env',
  /** State of the agent. */
  data: '/var/lib/trainyard',
  /** Where no systemd runs: the agent's process, and what it says. */
  pid: '/var/lib/trainyard/agent.pid',
  log: '/var/lib/trainyard/agent.log',
  unit: '/etc/systemd/system/trainyard-agent.service',
} as const;

/** The name of the agent's unit. */
export const HOST_UNIT = 'trainyard-agent';
