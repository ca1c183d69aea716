import { describe, expect, it } from 'vitest';
import { STRONGEST_SHADE } from '../../src/report/page-style.js';
import { palette } from '../../src/report/palette.js';

/** Of WCAG 2: relative luminance of a colour written #rrggbb. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

describe('palette', () => {
  it.each(['light', 'dark'] as const)('can be read on %s paper', (scheme) => {
    const { paper, panel, line, ...colours } = palette;
    for (const [name, shade] of Object.entries(colours)) {
      const [low, high] = [luminance(shade[scheme]), luminance(paper[scheme])].sort((a, b) => a - b);
      expect((high! + 0.05) / (low! + 0.05), name).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each(['light', 'dark'] as const)('leaves text readable on the strongest shade of %s paper', (scheme) => {
    const mixed = [1, 3, 5].map((at) => {
      const [tint, paper] = [palette.blue[scheme], palette.paper[scheme]].map((colour) =>
        Number.parseInt(colour.slice(at, at + 2), 16),
      );
      return Math.round(STRONGEST_SHADE * tint! + (1 - STRONGEST_SHADE) * paper!)
        .toString(16)
        .padStart(2, '0');
    });
    const [low, high] = [luminance(`#${mixed.join('')}`), luminance(palette.ink[scheme])].sort(
      (a, b) => a - b,
    );
    expect((high! + 0.05) / (low! + 0.05)).toBeGreaterThanOrEqual(4.5);
  });

  it('has no light colour twice, and none that a style would not find', () => {
    const light = Object.values(palette).map((shade) => shade.light);
    expect(new Set(light).size).toBe(light.length);
    for (const colour of light) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
  });
});
