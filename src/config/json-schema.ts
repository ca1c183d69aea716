/** The schemas as JSON Schema: for editors (configs/*schema.json), for the reference, and for naming the known keys. */
import { z } from 'zod';
import { mapValues } from '../common/map-values.js';
import { backtestSchema } from './backtest-schema.js';
import { comparisonSchema } from './comparison-schema.js';
import type { Path } from './origin.js';
import { configFileSchema } from './schema.js';
import { transferSchema } from './transfer-schema.js';

/** The part of JSON Schema that zod writes for our schema. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
}

/** Of a whole config file: what a user writes, defaults not filled in. */
export function fileSchema(): JsonSchema {
  return z.toJSONSchema(configFileSchema, { io: 'input' }) as JsonSchema;
}

/** The same of a comparison, a transfer and a backtest: what they say of a config is any map. */
export const comparisonFileSchema = (): JsonSchema =>
  z.toJSONSchema(comparisonSchema, { io: 'input' }) as JsonSchema;
export const transferFileSchema = (): JsonSchema =>
  z.toJSONSchema(transferSchema, { io: 'input' }) as JsonSchema;
export const backtestFileSchema = (): JsonSchema =>
  z.toJSONSchema(backtestSchema, { io: 'input' }) as JsonSchema;

/** For editors: a file that extends another one need not be complete, and null removes a key of the other. */
export function editorSchema(): object {
  const { $schema, ...whole } = fileSchema() as JsonSchema & { readonly $schema: string };
  return {
    $schema,
    title: 'dupn config',
    if: { required: ['extends'] },
    // biome-ignore lint/suspicious/noThenProperty: the name that JSON Schema gives it
    then: ofExtension(whole),
    else: whole,
  };
}

/** For editors: variants are completed as files that extend the base. */
export function comparisonEditorSchema(): object {
  const { properties, ...rest } = comparisonFileSchema();
  const variants = { ...properties!.variants, additionalProperties: ofExtension(fileSchema()) };
  return { ...titled(rest, 'dupn comparison'), properties: { ...properties, variants } };
}

/** For editors: `add` and `train` are completed as those of a file that extends the base. */
export function transferEditorSchema(): object {
  const whole = transferFileSchema();
  const extension = ofExtension(fileSchema());
  const train = extension.properties!.train!;
  return titled(withKeys(whole, { add: extension, train }), 'dupn transfer');
}

/** For editors: `update` is completed as the `train` of a file that extends the base. */
export function backtestEditorSchema(): object {
  const update = ofExtension(fileSchema()).properties!.train!;
  return titled(withKeys(backtestFileSchema(), { update }), 'dupn backtest');
}

/** Some keys described by other schemas, under their own descriptions. */
function withKeys(whole: JsonSchema, keys: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { properties } = whole;
  const described = mapValues(keys, ({ description: _, ...schema }, key) => {
    const { description } = properties![key]!;
    return description === undefined ? schema : { ...schema, description };
  });
  return { ...whole, properties: { ...properties, ...described } };
}

const titled = ({ $schema, ...rest }: JsonSchema & { readonly $schema?: string }, title: string) => ({
  $schema,
  title,
  ...rest,
});

function ofExtension(schema: JsonSchema): JsonSchema {
  const { required, ...rest } = schema;
  const { properties, additionalProperties, anyOf, oneOf } = schema;
  return {
    ...rest,
    ...(properties && { properties: mapValues(properties, (inner) => nullable(ofExtension(inner))) }),
    ...(typeof additionalProperties === 'object' && {
      additionalProperties: nullable(ofExtension(additionalProperties)),
    }),
    ...(anyOf && { anyOf: anyOf.map(ofExtension) }),
    ...(oneOf && { oneOf: oneOf.map(ofExtension) }),
  };
}

function nullable(schema: JsonSchema): JsonSchema {
  const { anyOf, oneOf, type, enum: values } = schema;
  if (anyOf) return { ...schema, anyOf: [...anyOf, { type: 'null' }] };
  if (oneOf) return { ...schema, oneOf: [...oneOf, { type: 'null' }] };
  return {
    ...schema,
    ...(typeof type === 'string' && { type: [type, 'null'] }),
    ...(values && { enum: [...values, null] }),
  };
}

/** Names of the keys that the schema knows in the map at the path. */
export function keysAt(schema: JsonSchema, path: Path): string[] {
  const [first, ...rest] = path;
  const branches = [schema, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const keys = branches.flatMap(({ properties, additionalProperties, items }) => {
    if (first === undefined) return Object.keys(properties ?? {});
    if (typeof first === 'number') return items ? keysAt(items, rest) : [];
    const inner = properties?.[first] ?? additionalProperties;
    return typeof inner === 'object' ? keysAt(inner, rest) : [];
  });
  return [...new Set(keys)];
}

/** Where else the schema has a key of this name, as dotted paths; keys inside named entries are left out. */
export function pathsOfKey(schema: JsonSchema, key: string, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
    ...(name === key ? [prefix + name] : []),
    ...pathsOfKey(inner, key, `${prefix}${name}.`),
  ]);
}
