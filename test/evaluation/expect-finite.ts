/** What is kept as JSON, where a number that is not finite would come back as null. */
import { expect } from 'vitest';

/** Every number within; `path` names the value. */
export function expectFinite(value: unknown, path = 'value'): void {
  if (typeof value === 'number') expect(Number.isFinite(value), `${path} is ${value}`).toBe(true);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) expectFinite(inner, `${path}.${key}`);
  }
}
