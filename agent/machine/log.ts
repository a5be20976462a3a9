import type { Log } from '../../core/ports.ts';

/** One line per event on standard error; systemd and Docker add the time. */
export const agentLog: Log = {
  info: (line) => console.error(line),
  warn: (line) => console.error(`warning: ${line}`),
  group: async (title, work) => {
    console.error(title);
    return work();
  },
};
