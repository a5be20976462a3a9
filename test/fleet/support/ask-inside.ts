import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import type { NetworkHost } from './network.ts';

const ASK = `
const answer = await fetch(process.argv[1], { headers: { authorization: 'Bearer ${TOKENS.reader}' } });
process.stdout.write(await answer.text());
`;

/** What an address answers to a program on that host, as text: nobody else can ask while the host is cut off. */
export async function askInside({ enter }: NetworkHost, url: string): Promise<string> {
  const [program = '', ...args] = [...enter, process.execPath, '--input-type=module', '--eval', ASK, url];
  return (await promisify(execFile)(program, args)).stdout;
}
