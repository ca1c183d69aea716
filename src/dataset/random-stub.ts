/** Until src/common/random.ts is there. */
export function seedFrom(...parts: (string | number)[]): number {
  let hash = 2166136261;
  for (const char of parts.join(':')) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619);
  return hash >>> 0;
}
export function createRandom(seed: number) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    uniform,
    shuffle(array: Int32Array) {
      for (let i = array.length - 1; i > 0; i--) {
        const j = Math.floor(uniform() * (i + 1));
        [array[i], array[j]] = [array[j]!, array[i]!];
      }
    },
  };
}
