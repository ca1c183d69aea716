import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  fileSha256,
  recoverFolder,
  replaceFolder,
  withWorkFolder,
  workPlaceFor,
  writeFileAtomic,
  writeJson,
} from '../../src/common/files.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-files-'));
});

describe('a file written atomically', () => {
  it('makes its folders, replaces an older one and leaves nothing else', async () => {
    const path = join(folder, 'a/b/c.json');
    await writeJson(path, { x: 1 });
    await writeJson(path, { x: 2 });
    expect(await readFile(path, 'utf8')).toBe('{\n  "x": 2\n}\n');
    expect(await readdir(join(folder, 'a/b'))).toEqual(['c.json']);
  });

  it('leaves the older one, and nothing else, when it fails', async () => {
    const path = join(folder, 'taken');
    await mkdir(join(path, 'inside'), { recursive: true });
    await expect(writeFileAtomic(path, 'text')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['taken']);
  });
});

describe('a folder replaced', () => {
  const path = () => join(folder, 'data');
  const fill = (text: string) => (temporary: string) => writeFile(join(temporary, 'x'), text);

  it('holds what was filled in and nothing of the older one', async () => {
    await replaceFolder(path(), async (temporary) => {
      await fill('one')(temporary);
      await writeFile(join(temporary, 'old'), '');
    });
    await replaceFolder(path(), fill('two'));
    expect(await readdir(path())).toEqual(['x']);
    expect(await readFile(join(path(), 'x'), 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['data']);
  });

  it('stays as it was when filling fails', async () => {
    await replaceFolder(path(), fill('one'));
    const failing = replaceFolder(path(), async (temporary) => {
      await fill('two')(temporary);
      throw new Error('no space');
    });
    await expect(failing).rejects.toThrow('no space');
    expect(await readFile(join(path(), 'x'), 'utf8')).toBe('one');
    expect(await readdir(folder)).toEqual(['data']);
  });

  it('comes back when a process died between the two renames', async () => {
    await mkdir(join(folder, '.data.previous'));
    await writeFile(join(folder, '.data.previous/x'), 'one');
    await mkdir(join(folder, '.data.new'));
    await recoverFolder(path());
    expect(await readFile(join(path(), 'x'), 'utf8')).toBe('one');
  });

  it('is the newer one when a process died before it removed the older one', async () => {
    await mkdir(join(folder, '.data.previous'));
    await writeFile(join(folder, '.data.previous/x'), 'one');
    await mkdir(path());
    await fill('two')(path());
    await recoverFolder(path());
    expect(await readFile(join(path(), 'x'), 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['data']);
  });
});

it('a work folder is empty at first and gone in the end, whatever becomes of the work', async () => {
  const work = join(folder, '.data.work');
  await mkdir(work);
  await writeFile(join(work, 'left'), '');
  const given = await withWorkFolder(join(folder, 'data'), async (path) => {
    expect(await readdir(path)).toEqual([]);
    await writeFile(join(path, 'x'), '');
    return path;
  });
  expect(given).toBe(work);
  const failing = withWorkFolder(join(folder, 'data'), () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(await readdir(folder)).toEqual([]);
});

it('the checksum of a file is that of its bytes', async () => {
  const bytes = Buffer.alloc(300_000, 'abc');
  await writeFile(join(folder, 'x'), bytes);
  expect(await fileSha256(join(folder, 'x'))).toBe(createHash('sha256').update(bytes).digest('hex'));
});

it('what is written for a path begins with nothing, whatever a process of the same number has left, and is cleared', async () => {
  const path = join(folder, 'a', 'vectors.npy');
  const first = await workPlaceFor(path);
  await mkdir(first.work);
  await writeFile(join(first.work, 'left'), 'x');
  const { work, clear } = await workPlaceFor(path);
  expect(work).toBe(first.work);
  expect(await readdir(join(folder, 'a'))).toEqual([]);
  await writeFile(work, 'x');
  await clear();
  expect(await readdir(join(folder, 'a'))).toEqual([]);
  await first.clear();
});
