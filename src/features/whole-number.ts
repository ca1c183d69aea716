/** Whole numbers that were once held as floats: 266079.0 is 266079. All other text stays as it is. */
import { quoteLiteral } from '../common/sql.js';

const FLOAT = String.raw`^(-?\d+)\.0+$`;
const pattern = new RegExp(FLOAT);

export function wholeNumber(text: string): string {
  return text.replace(pattern, '$1');
}

/** The same in SQL, of an expression. */
export function wholeNumberSql(text: string): string {
  return `regexp_replace(${text}, ${quoteLiteral(FLOAT)}, '\\1')`;
}
