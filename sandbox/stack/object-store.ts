import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { venvProgram } from '../checkout.ts';
import { answers, type Child, startChild } from '../machine/child-process.ts';
import type { StackPlaces, StackSettings } from './places.ts';

/** Starts the stack's object store, which speaks S3: SeaweedFS from a wheel, on the loopback address alone. */
export async function startObjectStore(places: StackPlaces, settings: StackSettings): Promise<Child> {
  mkdirSync(places.objects, { recursive: true });
  const identities = path.join(places.folder, 's3.json');
  writeFileSync(identities, JSON.stringify(identify(settings)), { mode: 0o600 });
  return startChild({
    command: venvProgram('weed'),
    args: listArguments(places, settings, identities),
    cwd: places.objects,
    env: { PATH: process.env['PATH'], HOME: places.objects, TMPDIR: places.objects },
    log: path.join(places.logs, 'objects.log'),
    ready: () => answers(`http://127.0.0.1:${settings.ports.s3}/healthz`),
    timeoutMs: 60_000,
  });
}

function identify({ passwords }: StackSettings) {
  const credentials = [{ accessKey: 'mlflow', secretKey: passwords.s3 }];
  return {
    identities: [{ name: 'mlflow', credentials, actions: ['Admin', 'Read', 'Write', 'List', 'Tagging'] }],
  };
}

function listArguments({ objects }: StackPlaces, { ports }: StackSettings, identities: string) {
  const [master = 0, masterGrpc = 0, volume = 0, volumeGrpc = 0, filer = 0, filerGrpc = 0, s3Grpc = 0] =
    ports.inside;
  const options: Readonly<Record<string, string | number | boolean>> = {
    dir: objects,
    ip: '127.0.0.1',
    'ip.bind': '127.0.0.1',
    'master.port': master,
    'master.port.grpc': masterGrpc,
    'master.telemetry': false,
    'master.volumeSizeLimitMB': 1_024,
    'volume.port': volume,
    'volume.port.grpc': volumeGrpc,
    // As many volumes as the disk has room for.
    'volume.max': 0,
    'volume.preStopSeconds': 0,
    filer: true,
    'filer.port': filer,
    'filer.port.grpc': filerGrpc,
    'filer.localSocket': path.join(objects, 'filer.sock'),
    s3: true,
    's3.port': ports.s3,
    's3.port.grpc': s3Grpc,
    's3.port.iceberg': 0,
    's3.port.lance': 0,
    's3.localSocket': path.join(objects, 's3.sock'),
    's3.config': identities,
  };
  return ['server', ...Object.entries(options).map(([name, value]) => `-${name}=${value}`)];
}
