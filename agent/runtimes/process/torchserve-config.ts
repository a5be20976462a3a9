import type { PackageManifest } from '../../../core/serving/package-manifest.ts';

/** The ports one TorchServe listens on, all on loopback. */
export type TorchServePorts = {
  readonly inference: number;
  readonly management: number;
  readonly metrics: number;
  readonly grpcInference: number;
  readonly grpcManagement: number;
};

/** How many workers that fail to load TorchServe starts again before it gives up, as the time it keeps trying, in s. */
const WORKER_RETRY_SECONDS = 60;
/** Requests that wait inside TorchServe before it answers 503; Envoy's circuit breaker is reached first. */
const JOB_QUEUE_SIZE = 1_000;
/** What torch-model-archiver writes when it is not told the version. */
const ARCHIVER_VERSION = '1.0';
const LOG_FILE_MEGABYTES = 16;
const LOG_FILES = 3;

/**
 * `config.properties` of a TorchServe that serves one model and can be told nothing else: it listens on `host` alone,
 * refuses to register or change models over its API, installs no packages, and reads no setting from its environment.
 */
export function torchServeConfig(
  manifest: PackageManifest,
  ports: TorchServePorts,
  { maxBodyBytes, host = '127.0.0.1' }: { readonly maxBodyBytes: number; readonly host?: string },
): string {
  const { serving } = manifest;
  const settingsOfModel = {
    defaultVersion: true,
    marName: 'model.mar',
    minWorkers: serving.workers,
    maxWorkers: serving.workers,
    batchSize: serving.batchSize,
    maxBatchDelay: serving.maxBatchDelayMs,
    responseTimeout: serving.responseTimeoutSeconds,
    maxRetryTimeoutInSec: WORKER_RETRY_SECONDS,
  };
  // TorchServe looks them up by the version inside the archive: ours, or the archiver's default.
  const models = {
    [manifest.model]: { [manifest.version]: settingsOfModel, [ARCHIVER_VERSION]: settingsOfModel },
  };
  const settings: Readonly<Record<string, string | number | boolean>> = {
    inference_address: `http://${host}:${ports.inference}`,
    management_address: `http://${host}:${ports.management}`,
    metrics_address: `http://${host}:${ports.metrics}`,
    grpc_inference_address: host,
    grpc_management_address: host,
    grpc_inference_port: ports.grpcInference,
    grpc_management_port: ports.grpcManagement,
    enable_envvars_config: false,
    enable_model_api: false,
    // Reached over loopback by the proxy on this host only; the token file would have to be shared with it and expires hourly.
    disable_token_authorization: true,
    install_py_dep_per_model: false,
    disable_system_metrics: true,
    default_workers_per_model: serving.workers,
    default_response_timeout: serving.responseTimeoutSeconds,
    number_of_gpu: serving.gpu === 'none' ? 0 : 1,
    job_queue_size: JOB_QUEUE_SIZE,
    max_request_size: maxBodyBytes,
    max_response_size: maxBodyBytes,
    unregister_model_timeout: serving.responseTimeoutSeconds,
    prefer_direct_buffer: false,
    models: JSON.stringify(models),
  };
  // All GPUs are the default when the number is not given.
  const entries = Object.entries(settings).filter(
    ([key]) => !(key === 'number_of_gpu' && serving.gpu === 'all'),
  );
  return `${entries.map(([key, value]) => `${key}=${value}`).join('\n')}\n`;
}

/** Name of the log file in the folder given to `torchServeLogging`. */
export const TORCHSERVE_LOG = 'torchserve.log';

/** Logging of TorchServe: warnings and the model's own lines into rotated files of bounded size, no line per request. */
export function torchServeLogging(folder: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Configuration status="warn">
  <Appenders>
    <RollingFile name="file" fileName="${folder}/${TORCHSERVE_LOG}" filePattern="${folder}/torchserve.%i.log">
      <PatternLayout pattern="%d{ISO8601} [%-5p] %t %c - %m%n"/>
      <Policies><SizeBasedTriggeringPolicy size="${LOG_FILE_MEGABYTES} MB"/></Policies>
      <DefaultRolloverStrategy max="${LOG_FILES - 1}"/>
    </RollingFile>
  </Appenders>
  <Loggers>
    <Logger name="MODEL_LOG" level="info"/>
    <Logger name="org.pytorch.serve" level="info"/>
    <Logger name="ACCESS_LOG" level="off"/>
    <Logger name="TS_METRICS" level="off"/>
    <Logger name="MODEL_METRICS" level="off"/>
    <Root level="warn"><AppenderRef ref="file"/></Root>
  </Loggers>
</Configuration>
`;
}
