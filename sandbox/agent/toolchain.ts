import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** The project's Python environment, which has TorchServe and Envoy. */
export const PYTHON = resolve('.trainyard/venv/bin/python');

/** Whether the real servers can run here. */
export const HAS_TOOLCHAIN = existsSync(PYTHON);
