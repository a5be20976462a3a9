import { HOST_USER } from './layout.ts';
import type { SetupStep } from './setup-step.ts';

/** Stands alone on the line after a text; no file that is sent holds such a line. */
const END = 'TRAINYARD_END_OF_TEXT';

/** A small file of a host, whole. */
type HostText = {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  /** Read by everybody, or by root and the agent alone: then its text is shown to nobody. */
  readonly isSecret: boolean;
  /** A command for when it is written. */
  readonly afterwards?: string;
};

/** A step that gives a host a file; only root may change it. */
export function fileStep({ name, path, text, isSecret, afterwards }: HostText): SetupStep {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  if (body.split('\n').includes(END)) throw new TypeError(`${name} holds the line ${END}.`);
  const [owner, mode] = isSecret ? [`root:${HOST_USER}`, '640'] : ['root:root', '644'];
  const here = `<<'${END}'\n${body}${END}`;
  return {
    name,
    what: `${path}, ${owner}, ${mode}`,
    look: [`[ "$(stat -c %U:%G:%a ${path})" = ${owner}:${mode} ]`, `cmp -s ${path} - ${here}`],
    make: [
      'umask 077',
      `cat > ${path}.new ${here}`,
      `chown ${owner} ${path}.new`,
      `chmod ${mode} ${path}.new`,
      `mv ${path}.new ${path}`,
      ...(afterwards === undefined ? [] : [afterwards]),
    ],
    files: [],
    remedy: `See that ${path} can be written: disk, mounts.`,
    secrets: isSecret ? [body] : [],
  };
}

/** A step that leaves none of these files: what a host needs no more is not kept there for whoever comes to read it. */
export function withoutStep(name: string, paths: readonly string[]): SetupStep {
  return {
    name,
    what: `none: ${paths.join(', ')}`,
    look: paths.map((path) => `[ ! -e ${path} ]`),
    make: [`rm -f ${paths.join(' ')}`],
    files: [],
    remedy: `See that ${paths.join(' and ')} can be removed: disk, mounts.`,
    secrets: [],
  };
}
