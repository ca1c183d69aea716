/** Runs inside a page, so that it stands alone: nothing from outside of the function is there. */

/** Texts outside of pictures that WCAG 2 (1.4.3, AA) finds hard to read on what is behind them. */
export function faintTexts() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  /** Red, green and blue in [0, 255] and opacity in [0, 1] of any colour that CSS can write. */
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, alpha], under) =>
    [r, g, b].map((value, i) => alpha * value + (1 - alpha) * under[i]);
  const paper =
    matchMedia('(prefers-color-scheme: dark)').matches && !matchMedia('print').matches ? 'black' : 'white';
  const background = (element) => {
    const under = element ? background(element.parentElement) : rgba(paper).slice(0, 3);
    return element ? over(rgba(getComputedStyle(element).backgroundColor), under) : under;
  };
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const found = new Map();
  for (const element of document.body.querySelectorAll('*:not(svg, svg *, script, style)')) {
    const text = [...element.childNodes]
      .filter((node) => node.nodeType === Node.TEXT_NODE)
      .map((node) => node.data.trim())
      .join(' ');
    if (text.trim() === '' || !element.checkVisibility()) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    const behind = background(element);
    const [low, high] = [luminance(over(rgba(color), behind)), luminance(behind)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    const size = Number.parseFloat(fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700);
    const required = isLarge ? 3 : 4.5;
    const key = `${color} on rgb(${behind.map(Math.round)})`;
    if (contrast >= required || found.has(key)) continue;
    found.set(key, `contrast ${contrast.toFixed(2)}, required ${required}: ${text.slice(0, 40)} (${key})`);
  }
  return [...found.values()];
}
