/** The colours of reports, each for light and dark surroundings; lower case, as charts are found by them. */

interface Shade {
  readonly light: string;
  readonly dark: string;
}

/** Text and marks have a contrast of 4.5 or more with the paper. */
export const palette = {
  paper: { light: '#ffffff', dark: '#15181b' },
  /** Behind what is set apart from the page. */
  panel: { light: '#f4f6f8', dark: '#1f2429' },
  ink: { light: '#1b1f23', dark: '#e4e7ea' },
  /** Text beside the matter: labels, captions. */
  faint: { light: '#59636e', dark: '#9da7b1' },
  line: { light: '#dce1e6', dark: '#353c43' },
  blue: { light: '#0b6bb0', dark: '#63b3f0' },
  orange: { light: '#b84a00', dark: '#ff9b57' },
  green: { light: '#0d7a52', dark: '#4fd0a0' },
  purple: { light: '#98307f', dark: '#e493d0' },
} as const satisfies Record<string, Shade>;

export type Colour = keyof typeof palette;
