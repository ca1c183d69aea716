/** One 16-bit number for a combination of property values: mixed radix over the fields' table rows. */
import { UserError } from '../common/errors.js';

const MAX_COMBINATIONS = 65_536;

/** What one step of each field adds to the code. @throws UserError when there are more combinations than codes */
export function propertyStrides(
  fields: readonly { readonly name: string; readonly rows: number }[],
): number[] {
  let stride = 1;
  const strides = fields.map(({ rows }) => {
    const own = stride;
    stride *= rows;
    return own;
  });
  if (stride > MAX_COMBINATIONS) {
    const sizes = fields.map(({ name, rows }) => `${name} ${rows}`).join(' x ');
    throw new UserError(
      `Cannot code the properties: at most ${MAX_COMBINATIONS} combinations, got ${sizes} = ${stride}; ` +
        'give a field a minCount or a maxSize, or leave one out (features.properties)',
    );
  }
  return strides;
}

/** The code of a combination of table rows. */
export function propertyCode(indexes: readonly number[], strides: readonly number[]): number {
  return indexes.reduce((code, index, field) => code + index * strides[field]!, 0);
}

/** The table row of one field in a code. */
export function propertyIndex(
  code: number,
  { stride, rows }: { readonly stride: number; readonly rows: number },
): number {
  return Math.trunc(code / stride) % rows;
}
