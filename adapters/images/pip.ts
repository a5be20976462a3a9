import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RunCommand } from '../../core/ports.ts';
import { linesOf, runCommand } from '../run-command.ts';

/** Where the pip folder lies while the requirements are installed (see environment.Dockerfile). */
const PIP_DIR_IN_BUILD = '/tmp/pip';
/** Settings that mean the same inside a build as on the runner, and decide what is found. Those that name files are taken apart first. */
const PASSED_ON = ['index-url', 'extra-index-url', 'trusted-host', 'no-index'];
const PACKAGE_FILE = /\.(whl|tar\.gz|zip)$/;
const CONFIG_TIMEOUT_MS = 60_000;

/** pip's effective settings, by their names without section, e.g. `index-url`. */
export type PipSettings = Readonly<Record<string, string>>;

/** The settings pip itself would use here (files and environment); none where there is no pip. */
export async function readPipSettings(
  env: Readonly<Record<string, string | undefined>>,
  python = 'python3',
  run: RunCommand = runCommand,
): Promise<PipSettings> {
  const args = ['-m', 'pip', 'config', 'list'];
  const end = await run({ command: python, args, env, timeoutMs: CONFIG_TIMEOUT_MS });
  return end.code === 0 ? parsePipSettings(linesOf(end.stdout)) : {};
}

/** Takes apart `global.cert='…'` lines. The environment's settings come last, since they outrank the files'. */
export function parsePipSettings(lines: readonly string[]): PipSettings {
  const found = lines.flatMap((line) => {
    const match = /^(?<section>[^.=]+)\.(?<name>[^=]+)='(?<value>.*)'$/.exec(line.trim())?.groups;
    const { section, name, value } = match ?? {};
    if (section === undefined || name === undefined || value === undefined) return [];
    return [{ environment: section === ':env:', name, value }];
  });
  const ordered = [...found.filter((one) => !one.environment), ...found.filter((one) => one.environment)];
  return Object.fromEntries(ordered.map(({ name, value }) => [name, value]));
}

/**
 * Writes the `pip` folder of a build: pip.conf, the certificates and the local wheels it names. Indexes that are folders of the runner
 * are left out, as they may hold anything. The folder exists only in a build stage that is never pushed, so it may carry credentials.
 */
export async function writePipFolder(folder: string, settings: PipSettings): Promise<void> {
  const wheels = join(folder, 'wheels');
  await mkdir(wheels, { recursive: true });
  const lines = PASSED_ON.flatMap((name) => {
    const values = (settings[name] ?? '')
      .split(/\s+/)
      .filter((value) => value !== '' && !value.startsWith('file:'));
    return values.length === 0 ? [] : [`${name} = ${values.join(' ')}`];
  });
  const certificate = settings['cert'];
  if (certificate !== undefined) {
    await copyFile(certificate, join(folder, 'ca.crt'));
    lines.push(`cert = ${PIP_DIR_IN_BUILD}/ca.crt`);
  }
  const places = (settings['find-links'] ?? '').split(/\s+/).filter((place) => place !== '');
  const remote = places.filter((place) => /^https?:/.test(place));
  for (const place of places.filter((one) => !/^https?:/.test(one))) await copyWheels(place, wheels);
  lines.push(`find-links = ${[`${PIP_DIR_IN_BUILD}/wheels`, ...remote].join(' ')}`);
  await writeFile(join(folder, 'pip.conf'), ['[global]', ...lines, ''].join('\n'));
}

async function copyWheels(place: string, target: string): Promise<void> {
  const source = place.replace(/^file:\/\//, '');
  const found = await stat(source).catch(() => undefined);
  if (found === undefined || !found.isDirectory()) return;
  const names = (await readdir(source)).filter((name) => PACKAGE_FILE.test(name));
  for (const name of names) await copyFile(join(source, name), join(target, basename(name)));
}
