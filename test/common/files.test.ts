import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, test } from 'vitest';
import {
  fileSha256,
  openWorkshop,
  recoverFolder,
  removeFolder,
  replaceFolder,
  withWorkFolder,
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

  it('removes what processes that were killed have left, and nothing of others', async () => {
    const left = ['.x.json.4194304.new', `.x.json.${process.pid}.new`, '.x.json.1.new'];
    const kept = ['.x.json.new', '.x.json.abc.new', '.y.json.4194304.new', 'x.json.4194304.new'];
    for (const name of [...left, ...kept]) await writeFile(join(folder, name), 'half');
    await writeJson(join(folder, 'x.json'), {});
    // The first process of a machine lives.
    expect((await readdir(folder)).sort()).toEqual(['.x.json.1.new', ...kept, 'x.json'].sort());
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

  it('may be the working folder', async () => {
    const code = `const files = await import(${JSON.stringify(new URL('../../dist/common/files.js', import.meta.url).href)});
      const { writeFileSync } = await import('node:fs');
      await files.replaceFolder('.', async (temporary) => writeFileSync(temporary + '/x', 'one'));`;
    await mkdir(path());
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: path(),
      stdio: 'inherit',
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await readFile(join(path(), 'x'), 'utf8')).toBe('one');
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

describe('a folder removed', () => {
  it('is gone, with what a process left that was killed while it removed it', async () => {
    const data = join(folder, 'data');
    for (const name of ['data', '.data.removed']) {
      await mkdir(join(folder, name, 'inside'), { recursive: true });
      await writeFile(join(folder, name, 'inside/x'), '');
    }
    await removeFolder(data);
    expect(await readdir(folder)).toEqual([]);
    await removeFolder(data);
  });
});

describe('a workshop', () => {
  it('puts what is whole in its place, and is gone then', async () => {
    const path = join(folder, 'deep/out.csv');
    const workshop = await openWorkshop(path);
    await writeFile(join(workshop.folder, 'part'), 'text');
    expect(existsSync(path)).toBe(false);
    await workshop.putInPlace('part', path);
    await workshop.remove();
    expect(await readFile(path, 'utf8')).toBe('text');
    expect(await readdir(join(folder, 'deep'))).toEqual(['out.csv']);
  });

  it('takes the place of one that a process of the same number left', async () => {
    const left = join(folder, `.out.csv.${process.pid}.new`);
    await mkdir(left);
    await writeFile(join(left, 'old'), '');
    const workshop = await openWorkshop(join(folder, 'out.csv'));
    expect([workshop.folder, await readdir(left)]).toEqual([left, []]);
    await workshop.remove();
  });
});

test.each(['replaceFolder', 'openWorkshop'])('what a signal interrupts leaves nothing (%s)', async (name) => {
  const code = `import { writeFileSync } from 'node:fs';
    import * as files from ${JSON.stringify(new URL('../../dist/common/files.js', import.meta.url).href)};
    const fill = async (part) => {
      writeFileSync(part + '/x', 'half');
      console.log('writing');
      await new Promise((done) => setTimeout(done, 10_000));
    };
    const path = ${JSON.stringify(join(folder, 'data'))};
    if (${JSON.stringify(name)} === 'replaceFolder') await files.replaceFolder(path, fill);
    else await fill((await files.openWorkshop(path)).folder);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(await readdir(folder)).toHaveLength(1);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  expect(await readdir(folder)).toEqual([]);
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
