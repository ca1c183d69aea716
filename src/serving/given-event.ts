/** An event as a client gives it: any model can read it, each by the columns of its own config. */
import { attributesOf, type CellColumns, type Cells, idText, valuesOf } from '../delivery/cells.js';
import type { RawEvent } from '../delivery/raw-request.js';
import { readTimeUs } from './read-time.js';

/** As the schema of requests has it. */
export interface EventBody {
  readonly item: string;
  readonly time: string;
  readonly values?: Cells;
  readonly attributes?: Cells;
}

export interface GivenEvent {
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly item: string;
  readonly values: Cells;
  readonly attributes: Cells | undefined;
}

/** @throws RequestError for a time that is none */
export function givenEvent({ item, time, values = {}, attributes }: EventBody, at: number): GivenEvent {
  return { timeUs: readTimeUs(time, `the time of event ${at}`), item, values, attributes };
}

/** @throws Unfit for cells that the model cannot read */
export function rawEvent({ timeUs, item, values, attributes }: GivenEvent, columns: CellColumns): RawEvent {
  const id = idText(item, columns);
  return {
    timeUs,
    item: attributes ? { id, attributes: attributesOf(attributes, columns) } : { id },
    values: valuesOf(values, columns),
  };
}
