/** A file of this machine that a step needs on the host, by the name it has there. */
export type SentFile = {
  readonly name: string;
  /** A file of this machine, or a package of npm that is fetched to it. */
  readonly from:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'npm'; readonly package: string };
};

/** One thing that is to be so on a host. What is looked at and done is POSIX shell, run as root. */
export type SetupStep = {
  readonly name: string;
  /** What is so when it is done. */
  readonly what: string;
  /** Commands that succeed, all of them, where it is so; joined by `&&`. */
  readonly look: readonly string[];
  /** Commands that make it so; the first that fails ends them. Run only where the look fails, and looked at again afterwards. */
  readonly make: readonly string[];
  /** Sent before it is made so, into the folder of incoming files. */
  readonly files: readonly SentFile[];
  /** What a person does where it can't be made so. */
  readonly remedy: string;
  /** Texts that stand in its commands and are shown to nobody. */
  readonly secrets: readonly string[];
};

/** What a host says of a step, on the last line it writes. */
export const SAYS = { ok: 'trainyard: ok', changed: 'trainyard: changed', todo: 'trainyard: to do' } as const;

/** So much of one command is shown: lines, and characters of each. */
const MOST_LINES = 60;
const LONGEST = 200;
const STILL_NOT = 'what was done has not made it so';

/** A step as a script for a shell's standard input, so that nothing of it shows in a list of processes. It begins with a look. */
export function scriptOf(step: SetupStep): string {
  return [
    ...headOf(step),
    'make() {',
    ...step.make,
    '}',
    `if looks_fine </dev/null >/dev/null 2>&1; then echo '${SAYS.ok}'; exit 0; fi`,
    'make </dev/null >&2',
    `if looks_fine </dev/null >&2; then echo '${SAYS.changed}'; exit 0; fi`,
    `echo '${STILL_NOT}' >&2`,
    'exit 1',
    '',
  ].join('\n');
}

/** The look of a step alone: it says whether there is anything to do. */
export function lookOf(step: SetupStep): string {
  return [
    ...headOf(step),
    `if looks_fine </dev/null >/dev/null 2>&1; then echo '${SAYS.ok}'; else echo '${SAYS.todo}'; fi`,
    '',
  ].join('\n');
}

/** What a step would run, for people: its secrets are left out, and long texts are cut. */
export function showStep({ make, secrets }: SetupStep): readonly string[] {
  return make.flatMap((command) => {
    const open = secrets.reduce((text, secret) => text.replaceAll(secret, '(a secret)\n'), command);
    const lines = open.split('\n');
    const rest = lines.length - MOST_LINES;
    const cut = rest <= 0 ? lines : [...lines.slice(0, MOST_LINES), `… ${rest} lines more`];
    return cut.map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)} …` : line));
  });
}

function headOf({ look }: SetupStep): readonly string[] {
  // The marker of a text stands alone on its line, so that `&&` begins the next one.
  const all = look.map((command) => `{ ${command}\n}`).join(' && ');
  return [
    'set -eu',
    'umask 022',
    'export LC_ALL=C DEBIAN_FRONTEND=noninteractive',
    'looks_fine() {',
    all,
    '}',
  ];
}
