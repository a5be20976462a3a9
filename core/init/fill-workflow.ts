/** How a workflow of workflows-templates is made one of this repository. */
export type Filling = {
  readonly branch: string;
  /** The configuration, where it is another than the usual one. */
  readonly config?: string;
  readonly gpuRunner: readonly string[];
  readonly controlRunner: readonly string[];
};

/** A caller workflow with its branch and its runners in it. */
export function fillWorkflow(
  template: string,
  { branch, config, gpuRunner, controlRunner }: Filling,
): string {
  const filled = template
    .replace(
      /^( {2}push: \{ branches: )\['\*\*'\] \}.*$/m,
      (_, head: string) => `${head}[${JSON.stringify(branch)}] }`,
    )
    .replace(/^( {6}gpu-runner: ).*$/m, (_, head: string) => `${head}'${JSON.stringify(gpuRunner)}'`)
    .replace(/^( {6}control-runner: ).*$/m, (_, head: string) => `${head}'${JSON.stringify(controlRunner)}'`);
  if (config === undefined) return filled;
  return filled
    .replace(/^ {4}with:$/m, (line) => `${line}\n      config: ${JSON.stringify(config)}`)
    .replace(
      /^(?<step> {6}- run: .* check )(?<options>.*\n {8}env:\n)/m,
      (_, step: string, options: string) =>
        `${step}--config "$CONFIG" ${options}          CONFIG: ${JSON.stringify(config)}\n`,
    );
}
