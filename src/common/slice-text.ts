/** Names of slices that count something: of what. */

/** Column -> what one of its values counts, and several of them. */
const COUNTED: Readonly<Record<string, readonly [one: string, several: string]>> = {
  behaviours: ['behaviour', 'behaviours'],
  query: ['word', 'words'],
  candidate: ['training sample', 'training samples'],
};

/** `2-4 words` of the column `query`; values of other columns as they are. */
export function sliceText(column: string, value: string): string {
  const counted = COUNTED[column];
  return counted ? `${value} ${counted[value === '1' ? 0 : 1]}` : value;
}
