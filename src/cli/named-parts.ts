/** `name=value,...` of an option. */
import { UserError } from '../common/errors.js';

/** @throws UserError for a part without a sign of equality; `option` names it */
export function namedParts(text: string, option: string): (readonly [name: string, value: string])[] {
  return text.split(',').map((part) => {
    const at = part.indexOf('=');
    if (at > 0 && at < part.length - 1) return [part.slice(0, at), part.slice(at + 1)] as const;
    throw new UserError(`Cannot read ${option}: expected parts such as a=b, got ${part || 'nothing'}`);
  });
}

/** Name -> share. @throws UserError for a share that is no number from 0 on, a name that comes twice, and shares that are all 0 */
export function shares(text: string, option: string): Record<string, number> {
  const read: Record<string, number> = {};
  for (const [name, value] of namedParts(text, option)) {
    const share = Number(value);
    if (!(share >= 0 && Number.isFinite(share)) || Object.hasOwn(read, name))
      throw new UserError(
        `Cannot read ${option}: expected one share of ${name}, from 0 on, got ${value} in ${text}`,
      );
    read[name] = share;
  }
  if (Object.values(read).some((share) => share > 0)) return read;
  throw new UserError(`Cannot read ${option}: expected a share above 0, got ${text}`);
}
