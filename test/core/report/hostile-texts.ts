/** What somebody might write where a slice, a tag, a message or a name of theirs is shown. */
const CORES = [
  '::add-mask::continue',
  '::stop-commands::pause',
  '::error file=a.ts,line=1::forged',
  '::set-output name=decision::continue',
  '::endgroup::',
  '##[add-mask]continue',
  '##[error]forged',
  '##[group]hidden',
  ':\u0007:add-mask::continue',
  '##\u001b[0m[add-mask]continue',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  '\u009b31mred\u009b0m',
  '\u202e::ksam-dda::',
  '@acme/admins',
  'fixes #12 and acme/digits#7',
  'GH-12',
  'https://evil.example/x',
  'www.evil.example',
  'mallory@evil.example',
  '$\\href{https://evil.example}{a}$',
  '<img src=x onerror=alert(1)>',
  '<!-- trainyard:end deploy -->',
  '</details></td></table>',
  '[click](https://evil.example)',
  '![x](https://evil.example/x.png)',
  '| a | b |',
  '```\n::warning::out of the fence\n```',
];

/** Where such a text stands: alone, behind a line break of some kind, and behind what is white space to the runner. */
const SEATS: readonly ((core: string) => string)[] = [
  (core) => core,
  (core) => `EU\n${core}`,
  (core) => `EU\r${core}\u0085${core}`,
  (core) => `\u00a0\u3000\t${core}`,
  (core) => `EU\u2028\u200f${core}\u0000\ud800`,
];

/** 135 texts that try to be more than text. */
export const HOSTILE_TEXTS: readonly string[] = CORES.flatMap((core) => SEATS.map((seat) => seat(core)));

/** The commands that a runner finds in what a step prints, by its own two rules; it ends lines where .NET does. */
export function commandsIn(printed: string): readonly string[] {
  return printed.split(/\r\n|\r|\n/).flatMap((line) => {
    const current = /^[\s\u0085]*::(?<name>[^\s:]*)[^:]*(?::(?!:)[^:]*)*::/.exec(line)?.groups?.['name'];
    const old = /##\[(?<name>[^\s\]]*)[^\]]*\]/.exec(line)?.groups?.['name'];
    return current ?? old ?? [];
  });
}

/** Whether a text has what turns, hides or moves other text in a terminal or a browser. */
export function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are looked for.
  return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(text);
}
