const DURATION = /^(?<amount>\d+(?:\.\d+)?)(?<unit>ms|s|m|h|d|w)$/;
const SIZE = /^(?<amount>\d+(?:\.\d+)?) ?(?<unit>B|kB|KB|MB|GB|KiB|MiB|GiB)$/;
const PERCENT = /^(?<amount>\d+(?:\.\d+)?) ?%$/;
const POINTS = /^(?<amount>\d+(?:\.\d+)?) ?pp$/;
const FRACTION = /^(?<above>-?\d+(?:\.\d+)?) ?\/ ?(?<below>\d+(?:\.\d+)?)$/;
const RATE = /^(?<count>\d+)\/(?<per>\S+)$/;

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** So often at most in any stretch of `perSeconds`. */
export type Rate = { readonly count: number; readonly perSeconds: number };

/** So many, or so large a share of all. */
export type CountOrShare =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'share'; readonly share: number };

/** Products of shares that are whole numbers on paper come out this little below them. */
const ROUNDING = 1e-9;

/** How many of `total` are meant; a share is rounded down. */
export function countOf(meant: CountOrShare, total: number): number {
  return meant.kind === 'count' ? meant.count : Math.floor(meant.share * total + ROUNDING);
}

/** `500ms`, `30s`, `10m`, `6h`, `30d` or `2w` in seconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const seconds = readAmount(text, DURATION, SECONDS);
  return seconds === undefined ? undefined : Math.round(seconds * 1000) / 1000;
}

/** `512kB`, `200MB`, `1.5GiB` in bytes; `undefined` for anything else. */
export function parseSize(text: string): number | undefined {
  const bytes = readAmount(text, SIZE, BYTES);
  return bytes === undefined ? undefined : Math.round(bytes);
}

/** `5%` as the share 0.05; `undefined` for anything else. */
export function parsePercent(text: string): number | undefined {
  return readHundredths(text, PERCENT);
}

/** `1/255` as a number; `undefined` for anything else. */
export function parseFraction(text: string): number | undefined {
  const { above, below } = FRACTION.exec(text)?.groups ?? {};
  return above === undefined || below === undefined ? undefined : Number(above) / Number(below);
}

/** `0.5pp` (percentage points) as 0.005; `undefined` for anything else. */
export function parsePoints(text: string): number | undefined {
  return readHundredths(text, POINTS);
}

/** `3/7d` as at most 3 in any 7 days; `undefined` for anything else. */
export function parseRate(text: string): Rate | undefined {
  const { count, per } = RATE.exec(text)?.groups ?? {};
  const perSeconds = per === undefined ? undefined : parseDuration(per);
  if (count === undefined || perSeconds === undefined || perSeconds === 0) return undefined;
  return { count: Number(count), perSeconds };
}

function readAmount(text: string, form: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const { amount, unit } = form.exec(text)?.groups ?? {};
  const factor = unit === undefined ? undefined : units[unit];
  return factor === undefined ? undefined : Number(amount) * factor;
}

function readHundredths(text: string, form: RegExp): number | undefined {
  const amount = form.exec(text)?.groups?.['amount'];
  return amount === undefined ? undefined : Number((Number(amount) / 100).toPrecision(12));
}
