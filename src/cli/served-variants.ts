/** The bundles of `dupn serve` by name, and how users are spread over them. */
import { UserError } from '../common/errors.js';
import type { VariantFolders } from '../serving/models.js';
import { type Assign, assignBy, type Share } from '../serving/variants.js';
import { shares } from './named-parts.js';

export interface VariantOptions {
  readonly bundle: readonly string[];
  readonly prepared?: readonly string[];
  readonly split?: string;
  readonly salt?: string;
}

export interface ServedVariants {
  readonly variants: readonly VariantFolders[];
  /** A name where there is one alone. */
  readonly assign: Assign | string;
}

/** What the one bundle without a name is called. */
const ONLY = 'default';

/** @throws UserError for names that are missing, come twice or are none, and shares that are none */
export function servedVariants({ bundle, prepared = [], split, salt }: VariantOptions): ServedVariants {
  const bundles = bundle.map(named);
  const several = bundles.length > 1;
  if (several && bundles.some(({ name }) => name === null)) {
    throw refuse(`expected a name for each of several bundles (--bundle a=${bundles[0]!.value})`, 'none');
  }
  const names = bundles.map(({ name }) => name ?? ONLY);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse('expected another name for each bundle', `${twice} twice`);
  const folders = prepared.map(named);
  const stray = folders.find(({ name }) => name !== null && !names.includes(name));
  if (stray) throw refuse(`expected --prepared of ${names.join(', ')}`, stray.name!);
  const preparedOf = (wanted: string | null) => folders.find(({ name }) => name === wanted)?.value ?? null;
  const variants = bundles.map(({ value }, at) => ({
    name: names[at]!,
    bundle: value,
    prepared: preparedOf(names[at]!) ?? preparedOf(null),
  }));
  if (!several) {
    if (split !== undefined || salt !== undefined)
      throw refuse('expected several bundles with --split and --salt', 'one');
    return { variants, assign: names[0]! };
  }
  if (salt === undefined)
    throw refuse('expected --salt with several bundles, another one for each experiment', 'none');
  return { variants, assign: assignBy(salt, sharesOf(split, names)) };
}

const refuse = (expected: string, got: string) => new UserError(`Cannot serve: ${expected}, got ${got}`);

/** `a=folder`; a folder whose name has such a sign is written `./a=folder`. */
function named(text: string): { readonly name: string | null; readonly value: string } {
  const [, name = null, value = text] = /^([\w-]+)=(.+)$/.exec(text) ?? [];
  return { name, value };
}

function sharesOf(split: string | undefined, names: readonly string[]): Share[] {
  if (split === undefined) return names.map((name) => ({ name, share: 1 }));
  const given = shares(split, '--split');
  const stray = Object.keys(given).find((name) => !names.includes(name));
  if (stray !== undefined)
    throw refuse(`expected shares of ${names.join(', ')} such as --split ${names[0]}=90,...`, stray);
  const missing = names.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined) throw refuse(`expected one share of ${missing} in --split`, split);
  return Object.entries(given).map(([name, share]) => ({ name, share }));
}
