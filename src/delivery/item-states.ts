/**
 * Items whose attributes the log shows to change: which row an item had when. A candidate's row is that of the latest event
 * with the item before the request, else of the earliest one (docs/prepared-format.md). Moments are whole seconds.
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { preparedPaths } from '../common/prepared.js';
import type { PreparedData } from '../dataset/prepared.js';
import { parquetSql, rowsOfQuery } from './database.js';

/** Moments from which an item has a row, ascending. */
export interface ItemState {
  readonly seconds: readonly number[];
  readonly rows: readonly number[];
}

export interface ItemStates {
  /** Of the items that have several. */
  readonly byId: ReadonlyMap<string, ItemState>;
  /** The row at a moment; undefined for an item that has only one. */
  rowAt(id: string, atSeconds: number): number | undefined;
}

export function itemStates(byId: ReadonlyMap<string, ItemState>): ItemStates {
  return {
    byId,
    rowAt(id, atSeconds) {
      const state = byId.get(id);
      if (!state) return undefined;
      const { seconds, rows } = state;
      let [low, high] = [0, seconds.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (seconds[middle]! < atSeconds) low = middle + 1;
        else high = middle;
      }
      return rows[Math.max(0, low - 1)];
    },
  };
}

export const noStates: ItemStates = itemStates(new Map());

/** Events that are looked at before others may work: some milliseconds of a server that reloads. */
const BLOCK = 1 << 17;

/** Out of the events of prepared data; 16 bytes of memory for each event with such an item. */
export async function statesOfLog(connection: DuckDBConnection, prepared: PreparedData): Promise<ItemStates> {
  const path = join(prepared.folder, preparedPaths.items);
  const sql = `SELECT item_id, "row"::INTEGER FROM ${parquetSql(path)}
    QUALIFY count(*) OVER (PARTITION BY item_id) > 1 ORDER BY item_id, "row"`;
  const idOf = new Map<number, string>();
  for await (const rows of rowsOfQuery<[string, number]>(connection, sql)) {
    for (const [id, row] of rows) idOf.set(row, id);
  }
  const events = new Map<string, [seconds: number, row: number][]>();
  for (const id of idOf.values()) events.set(id, []);
  if (idOf.size === 0) return noStates;
  for (const { items, times } of prepared.segments) {
    for (let start = 0; start < items.length; start += BLOCK) {
      await setImmediate();
      const end = Math.min(start + BLOCK, items.length);
      const seconds = times.read(start, end);
      for (const [at, row] of items.read(start, end).entries()) {
        const id = idOf.get(row);
        if (id !== undefined) events.get(id)!.push([seconds[at]!, row]);
      }
    }
  }
  const states = new Map<string, ItemState>();
  for (const [id, met] of events) {
    met.sort(([a], [b]) => a - b);
    const changes = met.filter(([, row], at) => row !== met[at - 1]?.[1]);
    if (changes.length === 0) continue;
    states.set(id, { seconds: changes.map(([seconds]) => seconds), rows: changes.map(([, row]) => row) });
  }
  return itemStates(states);
}
