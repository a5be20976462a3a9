import { HOST_LAYOUT, HOST_UNIT, HOST_USER } from './layout.ts';
import type { SetupStep } from './setup-step.ts';

const { agent, node, settings, options, started, unit, pid, log, data, programs } = HOST_LAYOUT;

/** How an agent is kept running: by systemd, or as a process that nothing starts again. */
export type HostService = 'unit' | 'process';

/** Prints a digest of all that an agent is started with: where it is another than at the last start, the agent is started again. */
const DIGEST = `{ readlink -f ${node}; cat ${agent} ${settings}/* ${unit} 2>/dev/null; } | sha256sum`;
/** Whether the process of the agent that was started here runs. */
const RUNS = `{ [ -s ${pid} ] && tr '\\0' ' ' < "/proc/$(cat ${pid})/cmdline" | grep -q '${agent} run'; }`;
const IS_UNIT_GONE = `[ ! -e ${unit} ]`;
/** Runs a command with the agent's options and as its user. */
const asUser = (command: string) =>
  `( set -a; . ${options}; set +a; cd ${data}; exec setsid runuser -u ${HOST_USER} -- ${command} )`;

/** The agent runs, with all that is there now. Model servers and proxy live on when it is started again. */
export function startStep(service: HostService): SetupStep {
  const isCurrent = `[ "$(${DIGEST})" = "$(cat ${started})" ]`;
  const noted = `${DIGEST} > ${started}`;
  const step = { name: 'start', files: [], secrets: [] };
  if (service === 'unit')
    return {
      ...step,
      what: `the unit ${HOST_UNIT} is enabled and runs with all of this`,
      look: [
        `systemctl is-enabled -q ${HOST_UNIT}`,
        `systemctl is-active -q ${HOST_UNIT}`,
        `! ${RUNS}`,
        isCurrent,
      ],
      // A process that was started in place of the unit holds its ports.
      make: [...endProcess(), `systemctl enable -q ${HOST_UNIT}`, `systemctl restart ${HOST_UNIT}`, noted],
      remedy: `\`journalctl -u ${HOST_UNIT}\` on the host says why.`,
    };
  return {
    ...step,
    what: `the agent runs with all of this, as a process that nothing starts again after a restart of the host`,
    look: [RUNS, IS_UNIT_GONE, isCurrent],
    make: [
      ...endUnit(),
      ...endProcess(),
      `touch ${log} && chown ${HOST_USER}: ${log} && chmod 640 ${log}`,
      `${asUser(`/bin/sh -c 'echo $$ > ${pid}; exec ${node} ${agent} run'`)} </dev/null >>${log} 2>&1 &`,
      `for _ in 1 2 3 4 5 6 7 8 9 10; do if ${RUNS}; then break; fi; sleep 0.5; done`,
      noted,
    ],
    remedy: `${log} on the host says why.`,
  };
}

/** Nothing of the agent is left on a host, however it was started: neither what it serves nor what it knows. */
export function planRemoval(): readonly SetupStep[] {
  const step = { files: [], secrets: [] };
  return [
    {
      ...step,
      name: 'stop',
      what: 'the agent, its model servers and its proxy have ended, and its unit is gone',
      look: [IS_UNIT_GONE, `! ${RUNS}`, `[ ! -e ${agent} ]`],
      make: [
        ...endUnit(),
        ...endProcess(),
        // The agent ends what it has started, and nobody else's.
        `if [ -x ${node} ] && [ -r ${options} ]; then ${asUser(`${node} ${agent} down`)}; fi`,
        `rm -f ${agent}`,
      ],
      remedy: 'Run the agent with `down` on the host and read what it says (docs/operations.md).',
    },
    {
      ...step,
      name: 'files',
      what: `${[programs, settings, data].join(', ')} are gone`,
      look: [`[ ! -e ${programs} ]`, `[ ! -e ${settings} ]`, `[ ! -e ${data} ]`],
      make: [`rm -rf ${programs} ${settings} ${data}`],
      remedy: 'See what holds these files: mounts, or a process.',
    },
    {
      ...step,
      name: 'user',
      what: `there is no user ${HOST_USER}`,
      look: [`! id -u ${HOST_USER}`],
      make: [`userdel ${HOST_USER}`],
      remedy: `See which processes of ${HOST_USER} are left: \`ps -u ${HOST_USER}\`.`,
    },
  ];
}

/** Ends the agent of the unit and takes that away; model servers and proxy live on. */
function endUnit(): readonly string[] {
  const away = `systemctl disable -q --now ${HOST_UNIT}; rm -f ${unit}; systemctl daemon-reload`;
  return [`if [ -e ${unit} ]; then ${away}; fi`];
}

/** Ends the process of the agent alone; it is crash-only, so that it may be killed where it takes too long. */
function endProcess(): readonly string[] {
  return [
    `if ${RUNS}; then kill "$(cat ${pid})"; fi`,
    `for _ in 1 2 3 4 5 6 7 8 9 10; do if ${RUNS}; then sleep 1; fi; done`,
    `if ${RUNS}; then kill -9 "$(cat ${pid})"; fi`,
    `rm -f ${pid}`,
  ];
}
