/** The check of pages in a browser (`npm run browser`) finds what is wrong, and nothing wrong with a page of ours. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, type TestContext, test } from 'vitest';
import { summariseTransfer } from '../../src/experiments/summarise-transfer.js';
import { transferSummary } from '../../src/experiments/transfer-text.js';
import { transferPaths, writeTransferReport } from '../../src/report/write-transfer-report.js';
import { plan, runs } from '../experiments/transfer-example.js';
import { start } from '../setup/node-process.js';

const check = fileURLToPath(new URL('run.js', import.meta.url));
const NO_CHROMIUM = 3;
const VIEWS = ['wide', 'narrow', 'dark', 'narrow-dark', 'print'];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dupn-browser-'));
});

/** Exit code and problems of a page, without its path. */
async function look(file: string, { skip }: TestContext) {
  const { code, output } = await start([check, file, '--pictures', folder]).ended;
  if (code === NO_CHROMIUM) skip(output.trim());
  const problems = output.split('\n').filter((line) => line.includes(`${file} (`));
  return { code, output, problems: problems.map((line) => line.slice(line.indexOf(file) + file.length + 1)) };
}

test('a page of ours is fine, and is seen in every view', async (context) => {
  const result = summariseTransfer({ ...plan, folder }, runs);
  await writeTransferReport(result, transferSummary(result));
  const { code, output } = await look(join(folder, transferPaths.page), context);
  expect([code, output]).toEqual([0, expect.stringContaining('looked at 1 pages: 0 problems')]);
  for (const view of VIEWS) expect(existsSync(join(folder, `transfer-${view}.png`)), view).toBe(true);
});

test('pages of one name have pictures of their own', async ({ skip }) => {
  const pages = ['a', 'b'].map((name) => join(folder, name, 'report.html'));
  for (const page of pages) {
    await mkdir(join(page, '..'));
    await writeFile(page, '<!DOCTYPE html><html lang="en"><title>t</title><body><p>text</p></body></html>');
  }
  const { code, output } = await start([check, ...pages, '--pictures', folder]).ended;
  if (code === NO_CHROMIUM) skip(output.trim());
  expect([0, 1]).toContain(code);
  expect(output).toMatch(/^looked at 2 pages: /m);
  for (const name of ['a-report', 'b-report']) {
    for (const view of VIEWS) expect(existsSync(join(folder, `${name}-${view}.png`)), name).toBe(true);
  }
});

test('a bad page is told what is bad about it, and where', async (context) => {
  const file = join(folder, 'bad.html');
  await writeFile(
    file,
    `<!DOCTYPE html><html lang="en"><head><title>bad</title><meta name="viewport" content="width=device-width">
     <style>
       body { margin: 0; background: #fff }
       p { color: #767676 }
       div { width: 391px }
       @media (prefers-color-scheme: dark) { p { color: #787878 } }
       @media print { div { width: 719px } }
     </style></head><body>
     <p>Just readable on white, and no longer in the dark.</p>
     <div>wide</div>
     <svg role="img" width="9" height="9"></svg>
     <svg role="img" width="9" height="9" aria-label="a name"></svg>
     <svg width="9" height="9" aria-hidden="true"><text>not looked at</text></svg>
     <script src="elsewhere.js"></script><script>console.warn('a warning'); missing()</script>
     </body></html>`,
  );
  const { code, problems } = await look(file, context);
  expect(code).toBe(1);
  const everywhere = VIEWS.flatMap((view) =>
    [
      `asks for ${new URL(`file://${join(folder, 'elsewhere.js')}`).href}`,
      'console: a warning',
      'script: missing is not defined',
      '1 svg without a name that is read aloud',
    ].map((problem) => `(${view}): ${problem}`),
  );
  for (const problem of everywhere) expect(problems).toContain(problem);
  const others = problems.filter((problem) => !everywhere.includes(problem) && !problem.includes('ERR_FILE'));
  expect(others).toEqual([
    '(narrow): is 391 px wide, on 390',
    expect.stringMatching(/^\(dark\): contrast 4\.42, required 4\.5: Just readable/),
    '(narrow-dark): is 391 px wide, on 390',
    expect.stringMatching(/^\(narrow-dark\): contrast 4\.42/),
    '(print): is 719 px wide, on 718',
  ]);
});
