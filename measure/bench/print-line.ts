const NAME_WIDTH = 24;

/** Prints one figure of a benchmark beside its name. */
export function printLine(name: string, value: string): void {
  console.log(`${name.padEnd(NAME_WIDTH)} ${value}`);
}
