/** Puts the parts one after the other into the target, which may be longer; returns it. */
export function concatenate<T extends Int32Array | Float32Array>(target: T, parts: readonly T[]): T {
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}
