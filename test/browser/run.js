/**
 * `npm run browser [-- page.html ... --pictures FOLDER]`: looks at pages in Chromium, without arguments at all those that
 * runs of a tiny world leave. Says what is wrong with them, and leaves screenshots. Exit codes: 0 nothing is wrong,
 * 1 something is, 3 there is no Chromium.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError, say } from '../../setup/say.js';
import { dupn, makeTinyWorld } from '../tiny-world.js';
import { checkPage } from './check-page.js';
import { findChromium, launchChromium } from './chromium.js';
import { pictureNames } from './picture-names.js';

const NO_CHROMIUM = 3;

/** The pages of all commands that leave one, copied out of a world that is gone afterwards; their paths. */
async function makePages(target) {
  say('making the pages of tiny runs (a minute)');
  const folder = await makeTinyWorld(60);
  const config = (name) => ['-c', join(folder, `${name}.yaml`)];
  try {
    for (const command of ['preprocess', 'train', 'eval']) await dupn(command, ...config('base'));
    await dupn('transfer', ...config('transfer'));
    await dupn('backtest', ...config('backtest'));
    const runs = join(folder, 'runs');
    const pages = readdirSync(runs, { recursive: true }).filter((name) => name.endsWith('.html'));
    return pages.map((name) => {
      const copy = join(target, name.replaceAll(/[/\\]/g, '-'));
      copyFileSync(join(runs, name), copy);
      return copy;
    });
  } finally {
    rmSync(folder, { recursive: true, maxRetries: 3 });
  }
}

/** @returns what is wrong with the pages, a line for each problem */
async function look(chromium, pages, pictures) {
  const browser = await launchChromium(chromium);
  try {
    const problems = [];
    const names = pictureNames(pages);
    for (const [at, page] of pages.entries()) {
      problems.push(...(await checkPage(browser, page, join(pictures, names[at]))));
    }
    return problems;
  } finally {
    await browser.close();
  }
}

const { values, positionals } = parseArgs({
  options: { pictures: { type: 'string' } },
  allowPositionals: true,
});
try {
  const chromium = findChromium();
  if (chromium) {
    const pictures = resolve(values.pictures ?? mkdtempSync(join(tmpdir(), 'dupn-pages-')));
    mkdirSync(pictures, { recursive: true });
    const pages =
      positionals.length > 0 ? positionals.map((page) => resolve(page)) : await makePages(pictures);
    const missing = pages.find((page) => !existsSync(page));
    if (missing) throw new SetupError(`there is no page ${missing}`);
    const problems = await look(chromium, pages, pictures);
    const looked = `looked at ${pages.length} pages: ${problems.length} problems; screenshots are in ${pictures}`;
    process.stdout.write([...problems, looked].map((line) => `${line}\n`).join(''));
    if (problems.length > 0) process.exitCode = 1;
  } else {
    say('no Chromium: install it (on Debian and Ubuntu: apt install chromium), or name one in CHROMIUM');
    process.exitCode = NO_CHROMIUM;
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
