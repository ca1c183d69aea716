/** Looks at a page as people will: on screens wide and narrow, light and dark, and on paper. */
import { pathToFileURL } from 'node:url';
import { faintTexts } from './faint-texts.js';

/** Height counts for nothing but what is seen first. Paper: A4 at 96 dots an inch, within Chromium's margins. */
const VIEWS = [
  { name: 'wide', width: 1280, scheme: 'light', media: 'screen' },
  { name: 'narrow', width: 390, scheme: 'light', media: 'screen' },
  { name: 'dark', width: 1280, scheme: 'dark', media: 'screen' },
  { name: 'narrow-dark', width: 390, scheme: 'dark', media: 'screen' },
  { name: 'print', width: 718, scheme: 'light', media: 'print' },
];
const HEIGHT = 900;

/**
 * What is wrong with an HTML file, a line for each problem. There is a screenshot of the whole page for each view,
 * `<pictures>-<view>.png`.
 */
export async function checkPage(browser, file, pictures) {
  const problems = [];
  for (const view of VIEWS) {
    const page = await browser.newPage();
    try {
      const found = await problemsOf(page, pathToFileURL(file).href, view);
      problems.push(...found.map((problem) => `${file} (${view.name}): ${problem}`));
      await page.screenshot({
        path: `${pictures}-${view.name}.png`,
        fullPage: true,
      });
    } finally {
      await page.close();
    }
  }
  return problems;
}

async function problemsOf(page, address, { width, scheme, media }) {
  const problems = [];
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (url !== address && !url.startsWith('data:')) problems.push(`asks for ${url}`);
  });
  await page.setViewport({ width, height: HEIGHT });
  const devtools = await page.createCDPSession();
  // Both at once: each of puppeteer's two calls would undo the other.
  const features = [{ name: 'prefers-color-scheme', value: scheme }];
  await devtools.send('Emulation.setEmulatedMedia', { media, features });
  await page.goto(address, { waitUntil: 'load' });
  await page.evaluate(openFolded);
  const scrolled = await page.evaluate(() => document.scrollingElement.scrollWidth);
  if (scrolled > width) problems.push(`is ${scrolled} px wide, on ${width}`);
  const nameless = await namelessPictures(devtools);
  if (nameless > 0) problems.push(`${nameless} svg without a name that is read aloud`);
  const faint = await page.evaluate(faintTexts);
  await page.evaluate(foldAgain);
  return [...problems, ...faint];
}

/** What is folded has no names, no colours and no width. */
function openFolded() {
  for (const details of document.querySelectorAll('details:not([open])')) {
    details.open = true;
    details.dataset.folded = '';
  }
}

function foldAgain() {
  for (const details of document.querySelectorAll('[data-folded]')) details.open = false;
}

const PICTURES = 'svg:not(svg svg, [aria-hidden="true"], [aria-hidden="true"] svg)';

/** How many pictures the browser has no accessible name for; those that are hidden from reading aloud need none. */
async function namelessPictures(devtools) {
  const { root } = await devtools.send('DOM.getDocument');
  const { nodeIds } = await devtools.send('DOM.querySelectorAll', {
    nodeId: root.nodeId,
    selector: PICTURES,
  });
  const names = [];
  for (const nodeId of nodeIds) {
    const tree = await devtools.send('Accessibility.getPartialAXTree', { nodeId, fetchRelatives: false });
    names.push(tree.nodes[0]?.name?.value ?? '');
  }
  return names.filter((name) => name.trim() === '').length;
}
