import type { Attempt } from '../attempt.ts';

/** What a client tries who reaches predictions, or the control API of a host without a token. */
export const CLIENT: readonly Attempt[] = [
  { id: 'C1', tries: 'pins a version and spoils its answers', end: 'stopped', by: 'no evidence' },
  { id: 'C2', tries: 'tells the proxy timeouts and retries', end: 'stopped', by: 'ignored' },
  { id: 'C3', tries: 'sends a body without end', end: 'stopped', by: '413' },
  { id: 'C4', tries: 'sends its headers a letter at a time', end: 'stopped', by: 'closed' },
  {
    id: 'C5',
    tries: 'asks so much of one version that the other waits',
    end: 'stopped',
    by: 'too-many-requests',
  },
  {
    id: 'C6',
    tries: 'opens 10,000 silent connections, again and again',
    end: 'stopped',
    by: 'connections-refused',
  },
  { id: 'C7', tries: 'tries tokens', end: 'stopped', by: 'delayed' },
  { id: 'C8', tries: 'hides a second request in the first', end: 'stopped', by: '400 or 501' },
  { id: 'C9', tries: 'asks for paths beyond those of models', end: 'stopped', by: 'no-such-model' },
  { id: 'C10', tries: 'takes all connections of the control API', end: 'stopped', by: 'closed' },
  {
    id: 'C11',
    tries: 'sends bodies and headers a letter at a time, and others not at all',
    end: 'stopped',
    by: 'no effect',
  },
  {
    id: 'C12',
    tries: 'closes half of its connections, and others within a request',
    end: 'stopped',
    by: 'no effect',
  },
  {
    id: 'C13',
    tries: 'hides requests in others, in 23 ways, at predictions and at the control API',
    end: 'stopped',
    by: 'no effect',
  },
  {
    id: 'C14',
    tries: 'sends headers, addresses and bodies beyond all bounds',
    end: 'stopped',
    by: 'no effect',
  },
  { id: 'C15', tries: 'opens streams of HTTP/2 and takes each back', end: 'stopped', by: 'no effect' },
];
