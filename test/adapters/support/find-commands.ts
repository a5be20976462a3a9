import { readdir, readFile } from 'node:fs/promises';

/** The command lines on this machine that hold a text, their words parted by spaces. */
export async function findCommands(text: string): Promise<readonly string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  // One that has ended meanwhile has none.
  const commands = processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(commands))
    .map((command) => command.replaceAll('\0', ' '))
    .filter((command) => command.includes(text));
}
