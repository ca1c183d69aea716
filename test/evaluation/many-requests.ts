/** Worlds with more evaluation samples than one of DuckDB's chunks has rows (2048). */
import type { World } from '../dataset/prepared-world.js';

/** The evaluation part comes `times` times. */
export function repeatEvaluation(world: World, times: number): World {
  const evaluation = world.requests.filter(({ split }) => split === 2);
  const others = world.requests.filter(({ split }) => split !== 2);
  return { ...world, requests: [...others, ...Array.from({ length: times }, () => evaluation).flat()] };
}
