/** The Chromium of the machine, without a window. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { SetupError } from '../../setup/say.js';

const NAMES = ['chromium', 'google-chrome', 'chromium-browser'];

/**
 * The path that CHROMIUM gives, or of the first of the usual names on PATH; null where there is none.
 * @throws SetupError when CHROMIUM names no program
 */
export function findChromium() {
  const given = process.env.CHROMIUM;
  if (given && !isExecutable(given))
    throw new SetupError(`CHROMIUM is ${given}: expected the path of a program`);
  if (given) return given;
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable) ?? null;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The caller closes it. */
export function launchChromium(executablePath) {
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({ executablePath, args });
}
