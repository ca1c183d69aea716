/** Reads TensorBoard's event files as their format is published: TFRecord framing around the Event message. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Scalar {
  readonly tag: string;
  readonly step: number;
  readonly value: number;
}

/** The scalars of all event files in a folder, in the order in which they were written. */
export function readScalars(folder: string): Scalar[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => recordsOf(readFileSync(join(folder, name))).flatMap(scalarsOfEvent));
}

/** Length (uint64), its checksum, data, its checksum. @throws Error where a checksum or the end of the file is wrong */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    check(file.subarray(at, at + 8), file.readUInt32LE(at + 8));
    check(data, file.readUInt32LE(at + 12 + length));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** CRC-32C bit by bit, masked as TFRecord does. */
function check(data: Buffer, expected: number): void {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  if (masked !== expected) throw new Error(`checksum ${masked}, the file says ${expected}`);
}

/** The fields of a protocol buffer message: number -> values as they came. */
function fieldsOf(message: Buffer): Map<number, (Buffer | bigint)[]> {
  const fields = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = Number(varint());
    const sizes: Record<number, () => number> = { 1: () => 8, 2: () => Number(varint()), 5: () => 4 };
    const size = sizes[key & 7]?.();
    const value = size === undefined ? varint() : message.subarray(at, at + size);
    at += size ?? 0;
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

/** Event: step = 2, summary = 5; Summary: value = 1; Value: tag = 1, simple_value = 2. */
function scalarsOfEvent(event: Buffer): Scalar[] {
  const { 2: steps = [0n], 5: summaries = [] } = Object.fromEntries(fieldsOf(event));
  return (summaries as Buffer[]).flatMap((summary) =>
    (fieldsOf(summary).get(1) as Buffer[]).map((entry) => {
      const value = fieldsOf(entry);
      const [tag, number] = [value.get(1)![0] as Buffer, value.get(2)![0] as Buffer];
      return { tag: tag.toString('utf8'), step: Number(steps[0]), value: number.readFloatLE(0) };
    }),
  );
}
