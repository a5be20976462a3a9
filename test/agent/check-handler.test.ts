import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkHandler } from '../../agent/runtimes/process/check-handler.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { type PackChange, packArchive } from './support/pack-archive.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-handler-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pack = (name: string, change: PackChange = {}): string => packArchive({ folder, name, ...change });

const add = (name: string, content = "'x'") =>
  `zipfile.ZipFile(archive, 'a').writestr(${JSON.stringify(name)}, ${content})`;

/** Python that appends a file by hand: `size` is what its header says, `body` what is there, which the packed size covers. */
const BY_HAND = `
def header(name, body, size):
    sizes = struct.pack('<III', zlib.crc32(body[:size]), len(body), size)
    return struct.pack('<IHHHHH', 0x04034b50, 20, 0, 0, 0, 0x21) + sizes + struct.pack('<HH', len(name), 0) + name
def listed(name, body, size, offset):
    sizes = struct.pack('<III', zlib.crc32(body[:size]), len(body), size)
    start = struct.pack('<IHHHHHH', 0x02014b50, 20, 20, 0, 0, 0, 0x21) + sizes
    return start + struct.pack('<HHHHHII', len(name), 0, 0, 0, 0, 0, offset) + name
def append(name, body, size):
    data = archive.read_bytes()
    count, _, listing, start = struct.unpack('<HHII', data[-14:-2])
    local, central = data[:start] + header(name, body, size) + body, data[start:start + listing]
    central += listed(name, body, size, start)
    end = struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, count + 1, count + 1, len(central), len(local), 0)
    archive.write_bytes(local + central + end)
evil = b'raise SystemExit'
`;
/** Python that changes bytes of the archive, counted from its list or from its end. */
const LISTING = `
data = bytearray(archive.read_bytes()); start = struct.unpack('<I', data[-6:-2])[0]
`;
const WRITE = 'archive.write_bytes(data)';

test('an archive as Trainyard packs it is served', async () => {
  await expect(checkHandler(pack('ours'), [])).resolves.toBeUndefined();
});

test('an archive with a handler of before is served: it was packed by an earlier version', async () => {
  const archive = path.join(ROOT, 'test', 'fixtures', 'earlier-handler.mar');
  await expect(checkHandler(archive, [])).resolves.toBeUndefined();
});

test('an archive with a file more, put there by hand, is served', async () => {
  const archive = pack('by-hand', { after: `${BY_HAND}append(b'payload/zz', b'weights', 7)` });
  await expect(checkHandler(archive, [])).resolves.toBeUndefined();
});

test('an archive whose sizes and places need 64 bits is served', async () => {
  const archive = pack('large', { before: 'zipfile.ZIP64_LIMIT = 100' });
  await expect(checkHandler(archive, [])).resolves.toBeUndefined();
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
  [
    'a-handler-hidden-in-a-stored-file',
    {
      after: `${BY_HAND}append(b'payload/zz', b'hi' + header(b'trainyard_handler.py', evil, len(evil)) + evil, 2)`,
    },
  ],
  [
    'another-archive-behind-it',
    {
      after:
        "more = io.BytesIO(); other = zipfile.ZipFile(more, 'w'); other.writestr('trainyard_handler.py', 'raise SystemExit'); other.close(); archive.write_bytes(archive.read_bytes() + more.getvalue())",
    },
  ],
  ['a-comment', { after: "zipfile.ZipFile(archive, 'a').comment = b'x'" }],
  ['something-at-its-end', { after: "archive.open('ab').write(b'x')" }],
  ['a-file-listed-elsewhere', { after: `${LISTING}data[start + 42] ^= 1; ${WRITE}` }],
  ['a-file-listed-in-another-size', { after: `${LISTING}data[start + 24] ^= 1; ${WRITE}` }],
  ['a-file-listed-with-another-checksum', { after: `${LISTING}data[start + 16] ^= 1; ${WRITE}` }],
  ['a-list-that-is-said-to-be-elsewhere', { after: `${LISTING}data[-6] ^= 1; ${WRITE}` }],
  ['a-list-that-is-said-to-be-shorter', { after: `${LISTING}data[-14] -= 1; ${WRITE}` }],
  [
    'content-that-its-header-does-not-tell',
    { after: `${LISTING}data[14] ^= 1; data[start + 16] ^= 1; ${WRITE}` },
  ],
  ['a-folder', { after: add('trainyard/more/') }],
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
