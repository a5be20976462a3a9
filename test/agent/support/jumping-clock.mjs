import { readFileSync } from 'node:fs';

/** Loaded into a process before all else: its wall clock is off by the number of ms in the file that CLOCK_JUMP_FILE names. */
const file = process.env.CLOCK_JUMP_FILE ?? '';
const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(file, 'utf8'));

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    super(...(parts.length === 0 ? [now()] : parts));
  }

  static now() {
    return now();
  }
};
