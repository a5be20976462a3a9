import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCHEMA_VERSION } from '../../agent/store/database.ts';
import { buildPackage } from '../../sandbox/agent/build-package.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type PackagedHost, startPackagedHost, whyNoPackage } from './support/packaged-host.ts';

/** The first, and two whose agent has one migration more. */
const FIRST = '0.1.0';
const NEXT = '0.2.0';
const LATER = '0.2.1';
/** Requests in a second, sent whether or not those before are answered. */
const RATE = 50;
/** The most that systemd may say of the unit (systemd-analyze security: 0 is best, 10 is worst). */
const MOST_EXPOSED = 2;
const UNIT = 'trainyard-agent';
const USER = 'trainyard';
const missing = whyNoPackage();
if (missing !== undefined) console.log(`trainyard: not tested: ${missing}`);

let world: PackagedHost;

const ask = (command: string) => world.host.ask(command).trim();
const mainPid = () => ask(`systemctl show --property MainPID --value ${UNIT}`);
const install = (version: string, ...more: readonly string[]) => {
  const place = world.placeOf(version);
  return world.tell(`sh ${place}/install.sh --from ${place} ${more.join(' ')}`);
};
const installed = () => ask(`dpkg-query --show --showformat='\${Version} \${Status}' ${UNIT}`);
/** Every process of the agent's user. */
const ownProcesses = () =>
  ask(`for p in $(find /proc -maxdepth 1 -user ${USER}); do cat $p/comm; done; true`);
/** Model servers and proxy, by pid. */
const served = () =>
  ask(`for p in /proc/[0-9]*; do case "$(cat $p/comm)" in java|envoy) basename $p;; esac; done`)
    .split('\n')
    .toSorted();

async function serveDoubler(): Promise<void> {
  const built = buildPackage({ folder: world.folder, version: '1' });
  for (const { digest, file } of built.files) await world.agent.putBlob(digest, file);
  await world.agent.startInstance('doubler', '1', { manifest: built.manifest });
  const isReady = async () => (await world.agent.getInstance('doubler', '1'))?.state === 'ready';
  await waitFor(isReady, 'version 1 to be ready', 300_000);
  await world.agent.setTraffic('doubler', { stable: '1', candidatePercent: 0, shadow: false }, undefined);
  const isAnswered = async () => (await predict()) === '200';
  await waitFor(isAnswered, 'the first answer', 60_000);
}

/** One prediction: the status, or what went wrong. */
async function predict(): Promise<string> {
  try {
    const answer = await fetch(`http://${world.dataPlane}/predictions/doubler`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"inputs":[3]}',
    });
    const text = await answer.text();
    return answer.status === 200 && text !== '[7]' && !text.includes('7') ? text : String(answer.status);
  } catch (thrown) {
    return String(thrown instanceof Error ? (thrown.cause ?? thrown) : thrown);
  }
}

/** Sends requests at the rate while something is done and until the agent answers after it, and gives what was not answered well. */
async function underLoad<T>(
  work: () => Promise<T>,
): Promise<{ result: T; asked: number; failed: readonly string[] }> {
  const open = new Set<Promise<void>>();
  const failed: string[] = [];
  let asked = 0;
  const send = () => {
    asked += 1;
    const one: Promise<void> = predict().then((end) => {
      if (end !== '200') failed.push(end);
      open.delete(one);
    });
    open.add(one);
  };
  const timer = setInterval(send, 1000 / RATE);
  try {
    const result = await work();
    await waitFor(async () => (await world.agent.state()).dataPlane.healthy, 'the agent after it');
    // What the new agent does with what it finds is done with its first looks.
    const before = asked;
    await waitFor(() => asked > before + RATE, 'a second of requests more');
    return { result, asked, failed };
  } finally {
    clearInterval(timer);
    await Promise.all(open);
  }
}

describe.skipIf(missing !== undefined)('the package of the agent', () => {
  beforeAll(async () => {
    world = await startPackagedHost([FIRST, NEXT, LATER], [NEXT, LATER]);
  }, 900_000);
  afterAll(() => world.stop());

  test('is installed, and says what it needs before it starts', async () => {
    const { code, said } = await install(FIRST);
    expect(said).toContain('not started yet: put access tokens into /etc/trainyard/tokens');
    expect(code).toBe(0);
    expect(ask(`systemctl is-enabled ${UNIT}; systemctl is-active ${UNIT}; true`)).toBe('enabled\ninactive');
    expect(
      ask('stat -c %U:%G:%a /etc/trainyard /etc/trainyard/agent.toml /var/lib/trainyard').split('\n'),
    ).toEqual([...['root:trainyard:750', 'root:trainyard:640', 'trainyard:trainyard:750']]);
    expect(ask(`trainyard-agent --version; dpkg --verify ${UNIT}`)).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('tells of a wrong line of its file by name and number, and then starts by it', async () => {
    const tokens = Object.entries(TOKENS).map((entry) => entry.join(' '));
    writeFileSync(path.join(world.host.root, 'etc/trainyard/tokens'), `${tokens.join('\n')}\n`, {
      mode: 0o640,
    });
    ask('chgrp trainyard /etc/trainyard/tokens');
    const file = '/etc/trainyard/agent.toml';
    ask(
      `sed -i 's/^data-plane.*/data-plain = "${world.dataPlane}"/; s/^listen.*/listen = "${world.listen}"/' ${file}`,
    );
    ask(`printf 'handlers = "any"\\ntick-seconds = 0.5\\nenvoy-threads = 1\\n' >> ${file}`);
    const check = 'cd / && runuser -u trainyard -- trainyard-agent check';
    const wrong = await world.tell(check);
    expect(wrong.said).toMatch(
      /\/etc\/trainyard\/agent\.toml:11: data-plain is no option\. Did you mean data-plane\?/,
    );
    expect(wrong.code).toBe(1);
    ask(`sed -i 's/^data-plain/data-plane/' ${file}`);
    // No package is served that nobody has signed, unless somebody takes that back.
    const keyless = await world.tell(check);
    expect(keyless).toMatchObject({ code: 1, said: expect.stringContaining('/etc/trainyard/signing.pub') });
    ask(`sed -i 's/^trusted-keys/# trusted-keys/' ${file}`);
    expect(await world.tell(check)).toMatchObject({ code: 0 });
    ask(`systemctl start ${UNIT}`);
    await serveDoubler();
    expect(ask(`stat -c %U /proc/${mainPid()}`)).toBe('trainyard');
  });

  test(`runs, models and all, in a unit that systemd calls no more exposed than ${MOST_EXPOSED}`, () => {
    const said = ask(`systemd-analyze security --no-pager ${UNIT} | tail -n 1`);
    console.log(`trainyard: ${said}`);
    const exposed = Number(/exposure level .*: (?<level>[\d.]+) /.exec(said)?.groups?.['level']);
    expect(exposed).toBeGreaterThan(0);
    expect(exposed).toBeLessThanOrEqual(MOST_EXPOSED);
    expect(served().length).toBe(2);
  });

  test.each([
    ['is upgraded, its database with it,', LATER, '', SCHEMA_VERSION + 1],
    ['is taken back to a version that knows the same database', NEXT, '--downgrade', SCHEMA_VERSION + 1],
  ])(`%s while ${RATE} requests a second are answered, each one`, async (_, version, flag, schema) => {
    const before = { pid: mainPid(), served: served() };
    const { hostId } = await world.agent.state();
    const { result, asked, failed } = await underLoad(() => install(version, flag));
    console.log(`trainyard: ${version}: ${asked} requests, ${failed.length} failed`);
    expect(result, result.said).toMatchObject({ code: 0 });
    expect(asked).toBeGreaterThan(RATE);
    expect(failed).toEqual([]);
    expect(installed()).toBe(`${version} install ok installed`);
    expect(mainPid()).not.toBe(before.pid);
    expect(served()).toEqual(before.served);
    expect((await world.agent.state()).hostId).toBe(hostId);
    const number = `od -An -tu1 -j63 -N1 /var/lib/trainyard/agent.db`;
    expect(Number(ask(number))).toBe(schema);
    expect(ask("grep -c '^envoy-threads' /etc/trainyard/agent.toml")).toBe('1');
  });

  test('is not taken back by mistake, nor to a version that can not read the database: what runs goes on', async () => {
    const before = { pid: mainPid(), served: served() };
    const mistaken = await install(FIRST);
    expect(mistaken.said).toMatch(new RegExp(`install\\.sh: downgrade: .* is older than ${NEXT}`));
    const { result, asked, failed } = await underLoad(() => install(FIRST, '--downgrade'));
    expect(result.said).toMatch(
      new RegExp(
        `trainyard-agent: database-newer: .*agent\\.db.*its schema is ${SCHEMA_VERSION + 1}, and .* knows ${SCHEMA_VERSION}\\.`,
      ),
    );
    expect(result.said).toContain('install.sh: install-failed');
    expect(result.code).toBe(1);
    expect(asked).toBeGreaterThan(RATE);
    expect(failed).toEqual([]);
    expect(installed()).toBe(`${NEXT} install ok installed`);
    expect({ pid: mainPid(), served: served() }).toEqual(before);
  });

  test('is removed with all that it had started, and comes back as the same host', async () => {
    const { hostId } = await world.agent.state();
    const { code, said } = await world.tell(`apt-get remove --yes ${UNIT}`);
    expect(said).toContain('/etc/trainyard and /var/lib/trainyard stay');
    expect(code).toBe(0);
    expect(ownProcesses()).toBe('');
    expect(
      ask(
        'ls -d /etc/trainyard/tokens /var/lib/trainyard/agent.db /usr/lib/trainyard-agent 2>/dev/null; true',
      ),
    ).toBe('/etc/trainyard/tokens\n/var/lib/trainyard/agent.db');
    expect(await install(NEXT)).toMatchObject({ code: 0 });
    const back = await waitFor(() => world.agent.state().catch(() => undefined), 'the agent to be back');
    expect(back.hostId).toBe(hostId);
  });

  test('is purged, and says what is left: nothing but a user', async () => {
    const { code, said } = await world.tell(`apt-get purge --yes ${UNIT}`);
    expect(said).toContain('nothing of it is left but the locked user trainyard');
    expect(said).toContain('/opt/trainyard stays');
    expect(said).not.toContain('not empty so not removed');
    expect(code).toBe(0);
    expect(
      ask(`find / -xdev -name '*trainyard*' -not -path '/root/*' -not -path '/proc/*' -not -path '/sys/*'`),
    ).toBe('/opt/trainyard');
    expect(ask(`find / -xdev -user trainyard -not -path '/proc/*'`)).toBe('');
    expect(ask('getent passwd trainyard')).toMatch(/\/usr\/sbin\/nologin$/);
    expect(ownProcesses()).toBe('');
  });
});
