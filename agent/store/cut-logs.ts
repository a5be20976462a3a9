import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import type { AgentContext } from '../context.ts';
import { requestLogFile } from '../envoy/request-log.ts';
import { listFolders } from './list-folders.ts';

/** A log that a running process writes is begun anew beyond this size; so much of the part before is kept beside it. */
const LOG_BYTES = 16 * 2 ** 20;
const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_TRUNC, O_WRONLY } = constants;
/** A model may lay a link or a pipe where its log was: none is followed, and none is waited for. */
const SAFELY = O_NOFOLLOW | O_NONBLOCK;

type Part = Pick<AgentContext, 'options' | 'log'>;

/** Begins long logs anew. What processes write to their standard output goes to a file that is theirs as long as they run. */
export function cutLogs({ options: { dataDir }, log }: Part): void {
  const ofServers = listFolders(join(dataDir, 'run')).flatMap(listFolders);
  const files = [
    ...ofServers.map((folder) => join(folder, 'console.log')),
    join(dataDir, 'envoy', 'envoy.log'),
    requestLogFile(join(dataDir, 'envoy')),
  ];
  for (const file of files) {
    try {
      const found = lstatSync(file, { throwIfNoEntry: false });
      if (found?.isFile() && found.size > LOG_BYTES) cut(file, log);
    } catch (thrown) {
      log.warn(`${file} can't be cut: ${messageOf(thrown)}`);
    }
  }
}

/** Keeps the end of a log beside it if that can be done, and empties it in any case: a full disk must not stay full. */
function cut(file: string, log: AgentContext['log']): void {
  const descriptor = openSync(file, O_RDWR | SAFELY);
  try {
    const end = readEnd(descriptor);
    ftruncateSync(descriptor);
    keep(`${file}.1`, end, log);
  } finally {
    closeSync(descriptor);
  }
}

function readEnd(descriptor: number): Buffer {
  const bytes = Buffer.alloc(LOG_BYTES);
  const from = Math.max(0, fstatSync(descriptor).size - LOG_BYTES);
  return bytes.subarray(0, readSync(descriptor, bytes, 0, LOG_BYTES, from));
}

function keep(file: string, bytes: Buffer, log: AgentContext['log']): void {
  try {
    const descriptor = openSync(file, O_WRONLY | O_CREAT | O_TRUNC | SAFELY, 0o600);
    try {
      writeFileSync(descriptor, bytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    log.warn(`The log before now is lost, for ${file} can't be written: ${messageOf(thrown)}`);
  }
}
