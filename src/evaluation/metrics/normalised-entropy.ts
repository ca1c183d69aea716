/**
 * Normalised entropy: the log loss over that of a model that predicts the base rates for everyone (He et al., ADKDD 2014,
 * section 2). Below 1 the model knows more than the rates; unlike the log loss it can be compared between data.
 */

/** `loss` is the weighted sum of -log p(label), `classes` the weight of each class; null without two classes. */
export function normalisedEntropy(loss: number, classes: ArrayLike<number>): number | null {
  let weight = 0;
  for (let k = 0; k < classes.length; k++) weight += classes[k]!;
  let entropy = 0;
  for (let k = 0; k < classes.length; k++) {
    if (classes[k]! > 0) entropy -= classes[k]! * Math.log(classes[k]! / weight);
  }
  return entropy > 0 ? loss / entropy : null;
}
