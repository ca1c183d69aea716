/** Embedding tables that parameter servers hold: row r is on server r mod n. */
import type { Collectives } from '../distributed/collectives.js';
import { ServerExchange } from '../distributed/server-exchange.js';
import { OVER, type Servers } from '../distributed/servers.js';
import { takePart } from '../engine/row-part.js';
import { openCheckpoint, saveCheckpoint } from '../model/checkpoint.js';
import { accumulatorName, tableSpecs } from '../model/parameters.js';
import { readVariables, type SafetensorsFile } from '../model/safetensors.js';
import type { ModelShape } from '../model/shape.js';
import { initialRows } from '../model/weights.js';
import { INITIAL_ACCUMULATOR } from './optimizer.js';
import { type SharedTables, tableWidths } from './shared-tables.js';

const BEAT_MS = 1000;

/** The chief fills and saves them; a call that fails tells each process that one is lost. */
export function serverTables(collectives: Collectives, servers: Servers, shape: ModelShape): SharedTables {
  const specs = tableSpecs(shape);
  const isChief = collectives.rank === 0;
  const partsOf = (name: string, table: string) => {
    const { rows, size } = specs.find((spec) => spec.name === table)!;
    return servers.parts(name, [rows, size]);
  };
  const whole = () =>
    servers.members.map((_, server) => ({
      part: { index: server, of: servers.members.length },
      tables: new Map(specs.map(({ name }) => [name, partsOf(name, name)[server]!])),
      slots: new Map(
        specs.map(({ name }) => [accumulatorName(name), partsOf(accumulatorName(name), name)[server]!]),
      ),
    }));
  const create = async () => {
    for (const { name, rows, size } of specs) {
      await servers.create(name, [rows, size], 0);
      await servers.create(accumulatorName(name), [rows, size], INITIAL_ACCUMULATOR);
    }
  };
  /** Work of the chief alone, which the others wait for. */
  const byChief = async (work: () => Promise<void>) => {
    await collectives.during(isChief ? work() : null);
  };
  let beats = 0;
  let beating: Promise<void> | null = null;
  const beat = () => {
    beating ??= servers
      .beat(beats++ % 1000)
      // Who asks a lost server for rows says so.
      .catch(() => {})
      .finally(() => {
        beating = null;
      });
  };
  const timer = isChief ? setInterval(beat, BEAT_MS).unref() : undefined;
  return {
    part: null,
    costs: servers.costs,
    exchange: new ServerExchange(collectives, servers, tableWidths(shape), accumulatorName),
    fill: (seed, deviation) =>
      byChief(async () => {
        await create();
        for (const spec of specs) {
          const parts = partsOf(spec.name, spec.name);
          for (const [start, values] of initialRows(spec, seed, deviation)) {
            for (const { part, writeRows } of parts) {
              const { first, rows } = takePart(values, start, spec.size, part);
              if (rows.length > 0) await writeRows(first, rows);
            }
          }
        }
      }),
    restore: (folder) =>
      byChief(async () => {
        await create();
        const checkpoint = await openCheckpoint(folder);
        try {
          for (const { tables, slots } of whole()) {
            await readVariables(only(checkpoint.weights, tables), tables);
            await readVariables(only(checkpoint.slots, slots), slots);
          }
        } finally {
          await checkpoint.close();
        }
      }),
    save: (folder, weights, optimizer, state) =>
      byChief(() => saveCheckpoint(folder, weights, optimizer.slots, state, { elsewhere: whole() })),
    async close() {
      clearInterval(timer);
      await beating;
      await byChief(() => servers.beat(OVER));
    },
  };
}

/** The file as if it held nothing else. */
const only = (file: SafetensorsFile, some: ReadonlyMap<string, unknown>): SafetensorsFile => ({
  ...file,
  shapes: new Map([...file.shapes].filter(([name]) => some.has(name))),
});
