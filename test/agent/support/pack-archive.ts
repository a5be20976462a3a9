import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';

/** Python that changes the folder to pack (`root`) before, or the archive (`archive`) after. */
export type PackChange = { readonly before?: string; readonly after?: string };

/** Packs an archive `name` into the folder as the runtime does, with these changes. Gives its path. */
export function packArchive({
  folder,
  name,
  before = '',
  after = '',
}: PackChange & { readonly folder: string; readonly name: string }): string {
  const archive = path.join(folder, `${name}.mar`);
  const script = `
import io, struct, sys, zipfile, zlib
from pathlib import Path
sys.path.insert(0, ${JSON.stringify(path.join(ROOT, 'runtime'))})
from trainyard.archive import write_archive
from trainyard.package import copy_handler
root, archive = Path(${JSON.stringify(path.join(folder, name))}), Path(${JSON.stringify(archive)})
(root / 'payload').mkdir(parents=True)
copy_handler(root)
(root / 'payload' / 'model.pt').write_bytes(b'weights' * 100)
for file in ('settings.json', 'profile.json', 'warm-up.json'):
    (root / file).write_text('{}')
${before}
write_archive(archive, root, 'mnist', '8', '2026-01-01T00:00:00Z')
${after}
`;
  execFileSync(venvProgram('python'), ['-c', script]);
  return archive;
}
