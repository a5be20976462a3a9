import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningAgent, TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { openCamera } from '../../../sandbox/pages/chromium.ts';
import { median } from '../figures.ts';
import { cpuMs, cpuPerSecond } from '../serving/footprint.ts';

const SIGNED_IN = `sessionStorage.setItem('token', ${JSON.stringify(TOKENS.reader)})`;
const IS_DRAWN = `document.querySelector('.live') !== null && document.querySelectorAll('canvas').length >= 3`;
const PAINT = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN`;

/** What the live page costs while it is open in a browser. */
type PageCost = {
  /** From the navigation to the first thing to be seen, in ms, the median of some. */
  readonly firstPaint: number;
  /** Processor time of the agent in ms per second. */
  readonly agentCpu: number;
  /** Processor time of all processes of the browser in ms per second. */
  readonly browserCpu: number;
};

/** Opens the page so many times in Chromium (`program`), and looks at what it costs for so many seconds; `meanwhile` is asked at the end. */
export async function measurePage(
  { url, pid }: RunningAgent,
  {
    program,
    opens,
    seconds,
    meanwhile,
  }: {
    readonly program: string;
    readonly opens: number;
    readonly seconds: number;
    readonly meanwhile: () => void;
  },
): Promise<PageCost> {
  const camera = await openCamera(program);
  try {
    const paints: number[] = [];
    for (let opened = 0; opened < opens; opened += 1) {
      await camera.open({ url: `${url}/`, width: 1280, prepare: SIGNED_IN, until: IS_DRAWN }, 'light');
      paints.push(Number(await camera.evaluate(PAINT)));
    }
    const browser = listBelow(process.pid).filter(({ name }) => name.startsWith('chrom'));
    const spent = () => browser.reduce((sum, one) => sum + cpuMs(one.pid), 0);
    const before = spent();
    const agentCpu = await cpuPerSecond(pid(), () => sleep(seconds * 1_000));
    meanwhile();
    return { firstPaint: median(paints), agentCpu, browserCpu: (spent() - before) / seconds };
  } finally {
    await camera.close();
  }
}

/** All processes that one has begun, and those that these have. */
function listBelow(root: number): readonly { readonly pid: number; readonly name: string }[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, comm = '', parent = ''] =
          /\((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return [{ pid: Number(name), name: comm, parent: Number(parent) }];
      } catch {
        // It has ended since.
        return [];
      }
    });
  const below = (pid: number): typeof all =>
    all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...below(child.pid)]);
  return below(root);
}
