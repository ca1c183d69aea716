/** The schemas as the tables of docs/: every key with its type, default and description. */
import { fileSchema, type JsonSchema } from './json-schema.js';

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly description: string;
}

/** Markdown: one table for the keys at the top and one for each section, in the order of the schema. */
export function configReference(): string {
  const schema = fileSchema();
  const sections = Object.entries(schema.properties ?? {});
  const isSection = (inner: JsonSchema) => inner.type === 'object';
  const top = sections.filter(([, inner]) => !isSection(inner));
  const topRows = top.flatMap(([name, inner]) =>
    rowsOf(name, inner, schema.required?.includes(name) ?? false),
  );
  const tables = sections
    .filter(([, inner]) => isSection(inner))
    .map(([name, inner]) => `## ${name}\n\n${inner.description ?? ''}\n\n${table(rowsBelow(name, inner))}`);
  return [`## At the top\n\n${table(topRows)}`, ...tables].join('\n');
}

/** Markdown: one table of all keys, in the order of the schema. */
export const keyTable = (schema: JsonSchema): string =>
  table(
    Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
      rowsOf(name, inner, schema.required?.includes(name) ?? false),
    ),
  );

const BEGIN = '<!-- reference -->';
const END = '<!-- /reference -->';

/** The text with the tables put between its two reference comments. */
export function withReference(text: string, reference: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`the text lacks ${BEGIN} ... ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${reference}\n${text.slice(end)}`;
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ key, type, fallback, description }) =>
    [`\`${key}\``, type, fallback, description].map((cell) => cell.replaceAll('|', '\\|')).join(' | '),
  );
  const header = ['| key | type | default | meaning |', '|---|---|---|---|'];
  return [...header, ...lines.map((line) => `| ${line} |`)].map((line) => `${line}\n`).join('');
}

function rowsOf(key: string, schema: JsonSchema, required: boolean): Row[] {
  const below = rowsBelow(key, schema);
  // A map of known keys is told by its keys; its own row would only repeat them.
  if (schema.type === 'object' && schema.properties && schema.description === undefined) return below;
  const row: Row = {
    key,
    type: typeOf(schema),
    fallback: required ? 'required' : defaultOf(schema),
    description: schema.description ?? '',
  };
  return [row, ...below];
}

function rowsBelow(key: string, schema: JsonSchema): Row[] {
  const { properties = {}, additionalProperties, required = [], anyOf = [], oneOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, inner]) =>
      rowsOf(`${key}.${name}`, inner, required.includes(name)),
    ),
    ...(typeof additionalProperties === 'object' ? rowsBelow(`${key}.NAME`, additionalProperties) : []),
    ...[...anyOf, ...oneOf].flatMap((branch) => rowsBelow(key, branch)),
  ];
}

function typeOf(schema: JsonSchema): string {
  const { type, anyOf, oneOf, additionalProperties, items } = schema;
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${value}\``).join(', ');
  const branches = anyOf ?? oneOf;
  if (branches) return branches.map(typeOf).join(' or ');
  if (typeof type === 'object') return type.map((one) => typeOf({ type: one })).join(' or ');
  switch (type) {
    case 'string':
      return 'text';
    case 'integer':
      return `whole number${range(schema)}`;
    case 'number':
      return `number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return `list of ${items ? typeOf(items) : 'values'}`;
    default:
      return typeof additionalProperties === 'object' && Object.keys(additionalProperties).length > 0
        ? `map of name to ${typeOf(additionalProperties)}`
        : 'map';
  }
}

function range({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: JsonSchema): string {
  const above = exclusiveMinimum ?? minimum;
  const below = exclusiveMaximum ?? maximum;
  const from = above === undefined ? '' : `${exclusiveMinimum === undefined ? 'at least' : 'above'} ${above}`;
  const isLimit = below !== undefined && below < Number.MAX_SAFE_INTEGER;
  const to = isLimit ? `${exclusiveMaximum === undefined ? 'at most' : 'below'} ${below}` : '';
  const parts = [from, to].filter((part) => part !== '');
  return parts.length === 0 ? '' : `, ${parts.join(' and ')}`;
}

function defaultOf({ default: fallback }: JsonSchema): string {
  const isEmptyMap =
    typeof fallback === 'object' &&
    fallback !== null &&
    !Array.isArray(fallback) &&
    Object.keys(fallback).length === 0;
  return fallback === undefined || isEmptyMap ? '' : `\`${JSON.stringify(fallback)}\``;
}
