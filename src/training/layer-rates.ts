/** How fast each weight learns that came from another run: slower than the new ones, or not at all for a while. */
import { UserError } from '../common/errors.js';

export interface LayerRules {
  /** Factor of the learning rates of the weights that were carried over; 0 freezes all of them. */
  readonly factor: number;
  /**
   * Layer -> epochs for which it does not learn. A layer is a weight (`lstm/item`) or all whose names begin with it
   * (`lstm`, `item`: src/model/parameters.ts).
   */
  readonly freeze: Readonly<Record<string, number | 'always'>>;
}

/** @throws UserError for a layer of `freeze` that is none of the weights `names` */
export function checkLayers({ freeze }: Pick<LayerRules, 'freeze'>, names: readonly string[]): void {
  for (const layer of Object.keys(freeze)) {
    if (names.some((name) => isOf(name, layer))) continue;
    const known = [...new Set(names.map((name) => name.split('/')[0]))].join(', ');
    throw new UserError(
      `Cannot freeze \`${layer}\`: expected a weight or what the names of several begin with (${known}), got neither`,
    );
  }
}

/**
 * The factor of the learning rate of a weight at a step (from 1 on). `batches` are those of an epoch.
 * @throws UserError as `checkLayers`
 */
export function layerRates(
  { factor, freeze }: LayerRules,
  {
    names,
    copied,
    batches,
  }: { readonly names: readonly string[]; readonly copied: ReadonlySet<string>; readonly batches: number },
): (weight: string, step: number) => number {
  checkLayers({ freeze }, names);
  const layers = Object.entries(freeze);
  const rates = new Map(
    names.map((name) => {
      const frozenFor = layers
        .filter(([layer]) => isOf(name, layer))
        .map(([, epochs]) => (epochs === 'always' ? Number.POSITIVE_INFINITY : Math.ceil(epochs * batches)));
      return [name, { factor: copied.has(name) ? factor : 1, after: Math.max(0, ...frozenFor) }];
    }),
  );
  return (weight, step) => {
    const { factor, after } = rates.get(weight)!;
    return step > after ? factor : 0;
  };
}

const isOf = (name: string, layer: string) => name === layer || name.startsWith(`${layer}/`);
