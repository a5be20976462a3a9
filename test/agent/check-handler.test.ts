import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkHandler } from '../../agent/runtimes/process/check-handler.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-handler-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Packs an archive as the runtime does, after `before` has changed its folder (`root`), and changes its file by `after`. */
function pack(name: string, { before = '', after = '' }: { before?: string; after?: string } = {}): string {
  const archive = path.join(folder, `${name}.mar`);
  const script = `
import sys, zipfile
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

const add = (name: string, content = "'x'") =>
  `zipfile.ZipFile(archive, 'a').writestr(${JSON.stringify(name)}, ${content})`;

test('an archive as Trainyard packs it is served', async () => {
  await expect(checkHandler(pack('ours'), [])).resolves.toBeUndefined();
});

test.each([
  ['another-line-in-the-handler', { before: "(root / 'trainyard_handler.py').open('a').write('# x')" }],
  ['another-line-beside-it', { before: "(root / 'trainyard' / 'service.py').open('a').write('# x')" }],
  ['a-module-of-python', { before: "(root / 'json.py').write_text('')" }],
  ['a-module-of-ours', { before: "(root / 'trainyard' / 'more.py').write_text('')" }],
  ['code-at-the-start', { before: "(root / 'sitecustomize.py').write_text('')" }],
  ['a-handler-less', { before: "(root / 'trainyard' / 'inputs.py').unlink()" }],
  ['a-file-by-two-names', { after: add('payload/../json.py') }],
  ['a-file-twice', { after: add('trainyard_handler.py') }],
  ['another-manifest', { after: add('MAR-INF/MANIFEST.json', "'{}'") }],
  [
    'a-file-that-is-not-listed',
    {
      after:
        "data = archive.read_bytes(); start = data.index(b'PK\\x01\\x02'); local = data[:start]; first = local[:local.index(b'PK\\x03\\x04', 4)]; archive.write_bytes(local + first.replace(b'MANIFEST.json', b'MANIFEST.jsom') + data[start:])",
    },
  ],
  ['half-an-archive', { after: 'archive.write_bytes(archive.read_bytes()[:500])' }],
])('an archive with %s is refused', async (name, change) => {
  const refused = checkHandler(pack(name, change), []);
  await expect(refused).rejects.toMatchObject({ problem: { code: 'handler-unknown' } });
});

test('what installs or imports more by TorchServe’s manifest is refused', async () => {
  const rewritten = `
import json
text = zipfile.ZipFile(archive).read('MAR-INF/MANIFEST.json')
said = json.loads(text); said['model']['requirementsFile'] = 'payload/requirements.txt'
source = zipfile.ZipFile(archive); files = {n: source.read(n) for n in source.namelist()}
files['MAR-INF/MANIFEST.json'] = json.dumps(said, indent=2)
target = zipfile.ZipFile(archive, 'w')
for n, c in files.items(): target.writestr(n, c)
target.close()`;
  const refused = checkHandler(pack('requirements', { after: rewritten }), []);
  await expect(refused).rejects.toThrow('MAR-INF/MANIFEST.json is not one that Trainyard writes');
});

test('another handler is served where the operator names its digest, or any', async () => {
  const archive = pack('other', { before: "(root / 'trainyard_handler.py').open('a').write('# other')" });
  const refusal: unknown = await checkHandler(archive, []).catch((error: unknown) => error);
  const [digest = ''] = String(refusal).match(/sha256:[0-9a-f]{64}/) ?? [];
  await expect(checkHandler(archive, [digest])).resolves.toBeUndefined();
  await expect(checkHandler(archive, 'any')).resolves.toBeUndefined();
  writeFileSync(path.join(folder, 'no.mar'), 'no archive');
  await expect(checkHandler(path.join(folder, 'no.mar'), 'any')).resolves.toBeUndefined();
});
