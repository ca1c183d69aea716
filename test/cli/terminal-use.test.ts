import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { terminalUse } from '../../src/cli/terminal-use.js';

const stream = (isTTY: boolean, columns?: number) => Object.assign(new PassThrough(), { isTTY, columns });
const use = (env: Record<string, string>, level: 'info' | 'silent' = 'info', isTTY = true) =>
  terminalUse({ stdout: stream(false), stderr: stream(isTTY), env }, level);

it('is bars and colours on a terminal', () => {
  expect(use({ TERM: 'xterm' })).toEqual({ pretty: true, colour: true, bars: true, width: null });
});

it('is no colours with NO_COLOR of any value but the empty one, and bars still', () => {
  for (const NO_COLOR of ['1', '0', 'false']) {
    expect(use({ NO_COLOR, FORCE_COLOR: '1' })).toMatchObject({ colour: false, bars: true });
  }
  expect(use({ NO_COLOR: '' })).toMatchObject({ colour: true });
});

it('is neither on a dumb terminal, and text for people still', () => {
  expect(use({ TERM: 'dumb' })).toEqual({ pretty: true, colour: false, bars: false, width: null });
});

it('is nothing where stderr is no terminal', () => {
  const nothing = { pretty: false, colour: false, bars: false };
  expect(use({ TERM: 'xterm', FORCE_COLOR: '1' }, 'info', false)).toMatchObject(nothing);
});

it('is no bars where nothing is logged', () => {
  expect(use({}, 'silent')).toMatchObject({ bars: false });
});

it('breaks tables at the width of stdout alone, where that is a terminal', () => {
  const width = (stdout: ReturnType<typeof stream>) =>
    terminalUse({ stdout, stderr: stream(true, 40), env: {} }, 'info').width;
  expect(width(stream(true, 100))).toBe(100);
  // A terminal that doesn't say.
  expect(width(stream(true, 0))).toBeNull();
  expect(width(stream(false, 100))).toBeNull();
});
