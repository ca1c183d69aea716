/** The mean of several seeds' curves. */
import type { CurvePoint } from './transfer-result.js';

/**
 * Of one curve or more, each in the order of its steps. Points belong together by their number, not by their step: how
 * many steps an epoch has may depend on the seed, how often it is measured does not. It ends with the shortest curve.
 */
export function meanCurve(curves: readonly (readonly CurvePoint[])[]): CurvePoint[] {
  const length = Math.min(...curves.map((curve) => curve.length));
  return Array.from({ length }, (_, at) => meanPoint(curves.map((curve) => curve[at]!)));
}

/** Of one point or more. */
export function meanPoint(points: readonly CurvePoint[]): CurvePoint {
  const mean = (key: keyof CurvePoint) => points.reduce((sum, point) => sum + point[key], 0) / points.length;
  return { step: mean('step'), samples: mean('samples'), seconds: mean('seconds'), auc: mean('auc') };
}
