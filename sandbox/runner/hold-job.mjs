// The first step of a job that GitHub would hold back: asks the sandbox until the job may begin.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 200;
const { SANDBOX_GATES = '', SANDBOX_JOB, SANDBOX_ENVIRONMENT = '', SANDBOX_GROUP = '' } = process.env;
const asked = JSON.stringify({
  run: Number(process.env.GITHUB_RUN_ID),
  job: SANDBOX_JOB,
  environment: SANDBOX_ENVIRONMENT,
  group: SANDBOX_GROUP,
  queue: process.env.SANDBOX_QUEUE,
});

/** Straight to the sandbox, whatever proxy the runner is told of. */
const agent = new Agent();

async function ask() {
  const { promise, resolve, reject } = Promise.withResolvers();
  const outgoing = request(SANDBOX_GATES, { method: 'POST', agent }, (response) => {
    response.setEncoding('utf8');
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
    });
    response.on('end', () => resolve(JSON.parse(text)));
  });
  outgoing.on('error', reject);
  outgoing.end(asked);
  return promise;
}

let answer = await ask();
if (answer.kind === 'waiting')
  console.log(`${SANDBOX_JOB} waits: group ${SANDBOX_GROUP}, environment ${SANDBOX_ENVIRONMENT}`);
while (answer.kind === 'waiting') {
  await sleep(POLL_MS);
  answer = await ask();
}
if (answer.kind !== 'open') {
  console.log(`::error::The job does not begin: ${answer.why ?? answer.message}.`);
  process.exitCode = 1;
}
