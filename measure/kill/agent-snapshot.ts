import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { databaseFile } from '../../agent/options/options.ts';
import { storedInstanceSchema } from '../../agent/store/stored-instance.ts';
import { storedTrafficSchema } from '../../agent/store/stored-traffic.ts';
import { type DispatchPayload, dispatchPayloadSchema } from '../../core/serving/dispatch-payload.ts';

/** A report as the agent has it on disk. */
export type StoredReport = { readonly type: string; readonly payload: DispatchPayload };

/** What an agent that is not running has on disk: what it may not forget. */
export type AgentSnapshot = {
  readonly reports: readonly StoredReport[];
  /** Where the rollout of this version was, in a word. */
  readonly phaseOf: (version: string) => string;
};

const bodyRow = z.object({ body: z.string() });
const outboxRow = z.object({ type: z.string(), payload: z.string() });

/** Reads the store of a dead agent from a copy, so that its next start finds the files as the kill left them. */
export function readAgentSnapshot(dataDir: string, scratch: string): AgentSnapshot {
  const folder = mkdtempSync(path.join(scratch, 'snapshot-'));
  try {
    const original = databaseFile(dataDir);
    const copy = path.join(folder, path.basename(original));
    for (const suffix of ['', '-wal']) {
      if (existsSync(original + suffix)) copyFileSync(original + suffix, copy + suffix);
    }
    const isUploading = readdirSync(path.join(dataDir, 'packages', 'incoming')).length > 0;
    return readCopy(copy, isUploading);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readCopy(file: string, isUploading: boolean): AgentSnapshot {
  const database = new DatabaseSync(file);
  try {
    const bodies = (table: string) =>
      database
        .prepare(`SELECT body FROM ${table}`)
        .all()
        .map((row): unknown => JSON.parse(bodyRow.parse(row).body));
    const instances = bodies('instance').map((body) => storedInstanceSchema.parse(body));
    const traffic = bodies('traffic').map((body) => storedTrafficSchema.parse(body).traffic);
    const reports = database
      .prepare('SELECT type, payload FROM outbox ORDER BY seq')
      .all()
      .map((row) => {
        const { type, payload } = outboxRow.parse(row);
        return { type, payload: dispatchPayloadSchema.parse(JSON.parse(payload)) };
      });
    const phaseOf = (version: string): string => {
      const state = instances.find((instance) => instance.version === version)?.state;
      const set = traffic.find(({ candidate, stable }) => candidate === version || stable === version);
      if (state === undefined) return isUploading ? 'uploading' : 'uploaded';
      if (set === undefined) return state === 'ready' ? 'dark' : state;
      if (set.stable === version) return 'promoted';
      return set.brake === undefined ? `at ${set.candidatePercent} %` : 'braked';
    };
    return { reports, phaseOf };
  } finally {
    database.close();
  }
}
