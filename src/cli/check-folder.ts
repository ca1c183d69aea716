/** Whether the files of a folder that a command wrote are still what it wrote: prepared data, a run, a bundle or ONNX graphs. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../common/context.js';
import { messageOf, UserError } from '../common/errors.js';
import { preparedPaths } from '../common/prepared.js';
import { unseal } from '../common/sealed-json.js';
import { type WrittenFiles, wrongFiles } from '../common/wrong-files.js';
import { bundlePaths } from '../delivery/bundle-format.js';
import { onnxPaths } from '../delivery/onnx/write-onnx.js';
import { CHECKPOINT_HEAD } from '../model/checkpoint.js';
import { runPaths } from '../training/run-folder.js';

interface Head {
  readonly files: WrittenFiles;
}

export interface CheckedFolder {
  /** Files whose checksums were compared. */
  readonly files: number;
  readonly bytes: number;
  /** Path of each that is wrong, and how. */
  readonly wrong: readonly string[];
}

/** @throws UserError when nothing in the folder has checksums */
export async function checkFolder(folder: string, progress: Progress): Promise<CheckedFolder> {
  const places = ['', runPaths.last, runPaths.best, runPaths.failed].map((path) => join(folder, path));
  const heads = [preparedPaths.manifest, bundlePaths.head, onnxPaths.head, CHECKPOINT_HEAD];
  const found = places
    .flatMap((place) => heads.map((name) => ({ place, name })))
    .filter(({ place, name }) => existsSync(join(place, name)));
  if (found.length === 0) {
    throw new UserError(
      `Cannot check ${folder}: expected prepared data, a trained run, a bundle or ONNX graphs, got none of them`,
    );
  }
  let [files, bytes] = [0, 0];
  const wrong: string[] = [];
  for (const { place, name } of found) {
    const path = join(place, name);
    try {
      const head = unseal<Head>(path, await readFile(path, 'utf8'), { mayLack: name !== CHECKPOINT_HEAD });
      const written = Object.values(head.files);
      files += written.length;
      bytes += written.reduce((sum, file) => sum + file.bytes, 0);
      wrong.push(...(await wrongFiles(place, head.files, progress)).map((problem) => join(place, problem)));
    } catch (error) {
      wrong.push(messageOf(error));
    }
  }
  return { files, bytes, wrong };
}
