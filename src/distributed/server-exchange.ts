/** Rows that parameter servers hold. Of a row that several processes read, one process updates it, with the gradients of all. */
import { mapValues } from '../common/map-values.js';
import { byHolder } from './by-holder.js';
import type { Collectives } from './collectives.js';
import type { FetchedRows, RowExchange, Rows } from './row-exchange.js';
import { RowRoutes } from './row-routes.js';
import type { Servers } from './servers.js';
import { type RowGradients, sumRows } from './sum-rows.js';

export class ServerExchange implements RowExchange {
  constructor(
    private readonly collectives: Collectives,
    private readonly servers: Servers,
    private readonly widths: Readonly<Record<string, number>>,
    private readonly accumulatorOf: (table: string) => string,
  ) {}

  async fetch(rows: Rows): Promise<FetchedRows> {
    const entries = await this.servers.costs.count(
      'rows from servers',
      (entries) => entries.reduce((sum, [, values]) => sum + values.byteLength, 0),
      () =>
        Promise.all(
          Object.entries(rows).map(async ([table, own]) => [table, await this.valuesOf(table, own)] as const),
        ),
    );
    return { values: Object.fromEntries(entries), sum: (gradients) => this.#sum(rows, gradients) };
  }

  /** Of rows of the whole table. */
  async valuesOf(table: string, rows: Int32Array): Promise<Float32Array> {
    const width = this.widths[table]!;
    const values = new Float32Array(rows.length * width);
    await this.#byServer(rows, async (server, places, positions) => {
      const got = await this.servers.gather(server, table, places);
      positions.forEach((position, at) => {
        values.set(got.subarray(at * width, (at + 1) * width), position * width);
      });
    });
    return values;
  }

  async total(numbers: readonly number[]): Promise<readonly number[]> {
    return [...(await this.collectives.sumOfFew(Float64Array.from(numbers), 'norms'))];
  }

  readonly update = async (
    table: string,
    { indices, gradient }: RowGradients,
    options: { readonly rate: number; readonly epsilon: number },
  ): Promise<void> => {
    const { servers } = this;
    const width = this.widths[table]!;
    const names = { table, accumulator: this.accumulatorOf(table) };
    const apply = () =>
      this.#byServer(indices, (server, places, positions) => {
        const own = new Float32Array(positions.length * width);
        positions.forEach((position, at) => {
          own.set(gradient.subarray(position * width, (position + 1) * width), at * width);
        });
        return servers.applyAdagrad(server, names, options, places, own);
      });
    await servers.costs.count('row gradients to servers', () => gradient.byteLength, apply);
  };

  /** Calls `visit` for each server that holds some of the rows, with their places there and their positions here. */
  async #byServer(
    rows: Int32Array,
    visit: (server: number, places: Int32Array, positions: readonly number[]) => Promise<void>,
  ): Promise<void> {
    const count = this.servers.members.length;
    await Promise.all(
      byHolder(rows, count).map((own, server) =>
        own.length > 0
          ? visit(
              server,
              Int32Array.from(own, (position) => Math.floor(rows[position]! / count)),
              own,
            )
          : null,
      ),
    );
  }

  /** The gradients of row r, added up, to the process of rank r mod size. */
  async #sum(
    rows: Rows,
    gradients: Readonly<Record<string, Float32Array>>,
  ): Promise<Record<string, RowGradients>> {
    const { collectives, widths } = this;
    const { size, rank } = collectives;
    const routes = await RowRoutes.between(
      collectives,
      mapValues(gradients, (_, table) => rows[table]!),
    );
    const places = await routes.places();
    const parts = await routes.toHolders(gradients, widths, 'row gradients');
    return mapValues(parts, (values, table) => {
      const met = places[table]!.map((place) => place * size + rank);
      return sumRows(met, values, widths[table]!);
    });
  }
}
