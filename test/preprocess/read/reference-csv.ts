/** What a CSV holds, said by regular expressions: the slow and plain version that the reader is compared with. */

export interface ReferenceRecord {
  readonly line: number;
  readonly byteOffset: number;
  readonly text: string;
  /** Of a well-formed record; the empty text is null. */
  readonly fields?: readonly (string | null)[];
  /** Of a malformed one. */
  readonly reason?: string;
}

/** Comma and quote; `columns` is the number of fields of a well-formed record. Blank lines are left out. */
export function referenceCsv(text: string, columns: number): readonly ReferenceRecord[] {
  const records: ReferenceRecord[] = [];
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  while (start < text.length) {
    const { length, end, ...record } = recordAt(text, start, columns);
    const content = text.slice(start, end);
    if (content !== '') {
      records.push({
        line: text.slice(0, start).split('\n').length,
        byteOffset: Buffer.byteLength(text.slice(0, start)),
        text: content,
        ...record,
      });
    }
    start += length;
  }
  return records;
}

function recordAt(text: string, start: number, columns: number) {
  const rest = text.slice(start);
  const firstLine = /^[^\n]*/.exec(rest)![0];
  const cutOff = (reason: string) => ({
    reason,
    length: Math.min(firstLine.length + 1, rest.length),
    end: start + firstLine.replace(/\r$/, '').length,
  });
  const fields: string[] = [];
  let hasStrayReturn = false;
  let at = 0;
  for (;;) {
    const here = rest.slice(at);
    if (here.startsWith('"')) {
      const quoted = /^"((?:[^"]|"")*)"(?!")/.exec(here);
      if (!quoted) return cutOff('unclosed quote');
      const after = here.slice(quoted[0].length);
      if (after !== '' && !/^[,\n\r]/.test(after)) {
        const isOneLine = !rest.slice(0, at + quoted[0].length).includes('\n');
        return cutOff(isOneLine ? 'text after a closing quote' : 'unclosed quote');
      }
      fields.push(quoted[1]!.replaceAll('""', '"'));
      at += quoted[0].length;
      // What is left of the field can only be returns; the line end is looked for below.
    } else {
      fields.push('');
    }
    const unquoted = /^(?:[^,\r\n]|\r(?!\n|$))*/.exec(rest.slice(at))![0];
    if (unquoted.includes('\r')) hasStrayReturn = true;
    fields.push(fields.pop()! + unquoted);
    at += unquoted.length;
    if (rest[at] === ',') at++;
    else break;
  }
  const lineEnd = /^(\r\n|\n|\r$)?/.exec(rest.slice(at))![0];
  const whole = { length: at + lineEnd.length, end: start + at };
  if (hasStrayReturn) return { reason: 'stray carriage return', ...whole };
  if (fields.length === columns)
    return { fields: fields.map((field) => (field === '' ? null : field)), ...whole };
  const isSeveral = rest.slice(0, at).includes('\n');
  if (isSeveral && firstLine.split(',').length === columns) return cutOff('unclosed quote');
  return { reason: `wrong number of fields (${fields.length} instead of ${columns})`, ...whole };
}
