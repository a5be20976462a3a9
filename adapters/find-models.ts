import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { DEFAULT_CONFIG_FILE } from '../core/names.ts';

const WORKFLOWS = path.join('.github', 'workflows');
const HEARS_COMMENTS = /\bissue_comment\b/;
/** The reusable workflow, or the plan action in a workflow of one's own. */
const OURS = /\/pipeline\.yml(?:@|$)|(?:^|\/)(?:trainyard|actions\/plan)@/;

const callSchema = z.object({
  uses: z.string(),
  with: z.object({ config: z.string().default(DEFAULT_CONFIG_FILE) }).prefault({}),
});
const jobSchema = z.looseObject({ steps: z.array(z.unknown()).optional() });
const workflowSchema = z.object({ jobs: z.record(z.string(), z.unknown()) });
const configSchema = z.object({ model: z.string().min(1) });

/**
 * The models whose runs hear a comment, by name: those of the configurations that the workflows in the workspace call Trainyard with. A
 * workflow or configuration that can't be read is passed over: its own run says so. `own` is that of this run's configuration.
 */
export async function findModels(
  workspace: string,
  file: string,
): Promise<{ readonly own: string | undefined; readonly all: readonly string[] }> {
  const folder = path.join(workspace, WORKFLOWS);
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.ya?ml$/.test(name));
  const texts = await Promise.all(names.map((name) => readText(path.join(folder, name))));
  const files = [file, ...texts.filter((text) => HEARS_COMMENTS.test(text)).flatMap(configsOf)];
  const unique = [...new Set(files.map((one) => path.posix.normalize(one)))];
  const models = await Promise.all(
    unique.map(async (one) => modelOf(await readText(path.join(workspace, one)))),
  );
  const all = [...new Set(models.flatMap((model) => model ?? []))].toSorted();
  return { own: models[0], all };
}

/** The configurations that a workflow calls Trainyard with; one that an expression names can't be told. */
function configsOf(workflow: string): readonly string[] {
  const { jobs } = workflowSchema.catch({ jobs: {} }).parse(read(workflow));
  const calls = Object.values(jobs).flatMap((job) => [job, ...(jobSchema.safeParse(job).data?.steps ?? [])]);
  return calls.flatMap((call) => {
    const { data } = callSchema.safeParse(call);
    return data !== undefined && OURS.test(data.uses) && !data.with.config.includes('${{')
      ? [data.with.config]
      : [];
  });
}

function modelOf(config: string): string | undefined {
  return configSchema.safeParse(read(config)).data?.model;
}

function read(yaml: string): unknown {
  try {
    return parse(yaml);
  } catch {
    return undefined;
  }
}

async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
