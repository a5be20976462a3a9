const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const BEFORE_THOUSANDS = /\B(?=(?:\d{3})+$)/g;

/** `5,390`; a half is rounded away from zero. */
export function formatCount(count: number): string {
  const whole = Math.round(Math.abs(count));
  if (!(whole <= Number.MAX_SAFE_INTEGER)) return formatRare(count);
  const digits = String(whole).replaceAll(BEFORE_THOUSANDS, ',');
  return count < 0 ? `-${digits}` : digits;
}

/** What is no count, or has more digits than one has. The tables of `Intl` are 6 MB of memory: they are loaded for these alone. */
function formatRare(count: number): string {
  return new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }).format(count);
}

/** A share as a percentage with two significant digits: `2.2%`, `0.56%`, `97%`, `0%`. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return String(share);
  const percent = 100 * share;
  const digits = percent === 0 ? 0 : Math.max(0, 1 - Math.floor(Math.log10(Math.abs(percent))));
  return `${trimZeros(percent.toFixed(Math.min(digits, 6)))}%`;
}

/** `4.1x`; large ratios without decimals. */
export function formatRatio(ratio: number): string {
  return `${formatDecimal(ratio)}x`;
}

/** One decimal below 100, none above: `4.1`, `12.2`, `223`; `∞`. */
export function formatDecimal(number: number): string {
  if (number === Number.POSITIVE_INFINITY) return '∞';
  return Math.abs(number) < 100 ? number.toFixed(1) : formatCount(number);
}

/** Evidence from its logarithm, as odds: `223:1`, `0.4:1`, above a million `over 1,000,000:1`. */
export function formatEvidence(logEvidence: number): string {
  const evidence = Math.exp(logEvidence);
  if (evidence > 1e6) return 'over 1,000,000:1';
  return `${evidence < 10 ? trimZeros(evidence.toFixed(1)) : formatCount(evidence)}:1`;
}

/** `45 s`, `17 min`, `1 h 30 min`, `3 d`; `never` when infinite. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'never';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.round(whole / MINUTE)} min`;
  if (whole < DAY) return joinUnits(whole, HOUR, 'h', MINUTE, 'min');
  return joinUnits(whole, DAY, 'd', HOUR, 'h');
}

function joinUnits(
  seconds: number,
  large: number,
  largeName: string,
  small: number,
  smallName: string,
): string {
  const rounded = Math.round(seconds / small) * small;
  const rest = (rounded % large) / small;
  const head = `${Math.floor(rounded / large)} ${largeName}`;
  return rest === 0 ? head : `${head} ${rest} ${smallName}`;
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}
