import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { COPY_HEADER, PIN_HEADER, REQUEST_ID_HEADER, SCHEMAS, VERSION_HEADER } from '../../core/names.ts';
import { ROOT } from '../../sandbox/checkout.ts';

/** A text that a module of the Python runtime declares. */
function declared(module: string, name: string): string | undefined {
  const text = readFileSync(path.join(ROOT, 'runtime', 'trainyard', `${module}.py`), 'utf8');
  return new RegExp(`^${name} = "(?<value>[^"]+)"$`, 'm').exec(text)?.groups?.['value'];
}

test.each([
  ['handler', 'PIN_HEADER', PIN_HEADER],
  ['handler', 'COPY_HEADER', COPY_HEADER],
  ['handler', 'REQUEST_ID_HEADER', REQUEST_ID_HEADER],
  ['handler', 'VERSION_HEADER', VERSION_HEADER],
  ['predictions', 'PREDICTIONS_SCHEMA', SCHEMAS.predictions],
])('%s.py calls %s what everything else calls it', (module, name, value) => {
  expect(declared(module, name)).toBe(value);
});
