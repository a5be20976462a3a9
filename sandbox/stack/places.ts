import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { findFreePorts } from '../../agent/machine/free-ports.ts';

/** The database that holds MLflow's tables and Optuna's, each in a schema of its own: both call a table `alembic_version`. */
export const DATABASE = 'trainyard';
/** The bucket of MLflow's artifacts. */
export const BUCKET = 'mlflow';

const portSchema = z.int().min(1).max(65_535);

const settingsSchema = z.strictObject({
  /** TCP ports of the loopback address, kept from start to start: clients know them. */
  ports: z.strictObject({
    mlflow: portSchema,
    postgres: portSchema,
    s3: portSchema,
    /** What the object store's parts ask each other by. */
    inside: z.array(portSchema).length(7),
  }),
  /** Made at the first start. Whoever reads the file may read and change everything in the stack. */
  passwords: z.strictObject({
    admin: z.string(),
    mlflow: z.string(),
    optuna: z.string(),
    s3: z.string(),
  }),
});

/** Where a stack listens and by which passwords it is entered. */
export type StackSettings = z.infer<typeof settingsSchema>;

/** The folders and files of one stack. */
export type StackPlaces = {
  readonly folder: string;
  readonly settings: string;
  readonly postgres: string;
  readonly objects: string;
  readonly mlflow: string;
  readonly logs: string;
  /** The process that runs the stack, while it runs. */
  readonly running: string;
};

/** Where the parts of the stack in `folder` are. */
export function placesOf(folder: string): StackPlaces {
  const under = (name: string) => path.join(folder, name);
  return {
    folder,
    settings: under('stack.json'),
    postgres: under('postgres'),
    objects: under('objects'),
    mlflow: under('mlflow'),
    logs: under('logs'),
    running: under('running'),
  };
}

/** The stack's settings; at its first start they are made, with ports that are free and passwords nobody else has. */
export async function readSettings(places: StackPlaces): Promise<StackSettings> {
  if (existsSync(places.settings))
    return settingsSchema.parse(JSON.parse(readFileSync(places.settings, 'utf8')));
  const [mlflow = 0, postgres = 0, s3 = 0, ...inside] = await findFreePorts(10);
  const made: StackSettings = {
    ports: { mlflow, postgres, s3, inside },
    passwords: { admin: password(), mlflow: password(), optuna: password(), s3: password() },
  };
  mkdirSync(places.folder, { recursive: true });
  writeFileSync(places.settings, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return made;
}

/** 144 random bits that need no escaping in an address. */
function password(): string {
  return randomBytes(18).toString('base64url');
}

/** What users of the stack put into their environment: trackers, searches and clients of the object store. */
export function environmentOf({ ports, passwords }: StackSettings): Readonly<Record<string, string>> {
  return {
    MLFLOW_TRACKING_URI: `http://127.0.0.1:${ports.mlflow}`,
    OPTUNA_STORAGE: addressOf({ ports, passwords }, 'optuna'),
  };
}

/** The address of the database as one of its roles. */
export function addressOf({ ports, passwords }: StackSettings, role: 'mlflow' | 'optuna'): string {
  return `postgresql+psycopg://${role}:${passwords[role]}@127.0.0.1:${ports.postgres}/${DATABASE}`;
}

/** How boto3 reaches the object store: for MLflow's server, a backup and a restore. */
export function objectEnvironment({ ports, passwords }: StackSettings): Readonly<Record<string, string>> {
  return {
    MLFLOW_S3_ENDPOINT_URL: `http://127.0.0.1:${ports.s3}`,
    AWS_ACCESS_KEY_ID: 'mlflow',
    AWS_SECRET_ACCESS_KEY: passwords.s3,
    AWS_DEFAULT_REGION: 'us-east-1',
  };
}
