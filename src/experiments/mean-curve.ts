/** The mean of several seeds' curves. */
import type { CurvePoint } from './transfer-result.js';

/**
 * Of one curve or more, each in the order of its steps. Points belong together by step: where a seed ended early or
 * measured its own last step, the others have no point, and the mean has none.
 */
export function meanCurve(curves: readonly (readonly CurvePoint[])[]): CurvePoint[] {
  const [first, ...others] = curves;
  const byStep = others.map((curve) => new Map(curve.map((point) => [point.step, point])));
  return (first ?? []).flatMap((point) => {
    const same = [point, ...byStep.flatMap((points) => points.get(point.step) ?? [])];
    return same.length === curves.length ? [meanPoint(same)] : [];
  });
}

function meanPoint(points: readonly CurvePoint[]): CurvePoint {
  const mean = (key: keyof CurvePoint) => points.reduce((sum, point) => sum + point[key], 0) / points.length;
  return { step: mean('step'), samples: mean('samples'), seconds: mean('seconds'), auc: mean('auc') };
}
