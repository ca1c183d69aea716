/** The events of a user in order of time. */

/** What events are ordered by, at their places. */
export interface EventKeys {
  /** Microseconds since 1970. */
  readonly times: Float64Array;
  /** Place in the input, which decides between events of one time. */
  readonly inputs: Uint32Array;
}

/** So many are put in order by insertion, before the runs are merged. */
const RUN = 8;

/** Puts order[from .. to), which are places of `keys`, into the order of time and input. `spare` is as long as `order`. */
export function orderByTime(
  order: Int32Array,
  spare: Int32Array,
  from: number,
  to: number,
  { times, inputs }: EventKeys,
): void {
  const isBefore = (a: number, b: number) =>
    times[a]! < times[b]! || (times[a]! === times[b]! && inputs[a]! < inputs[b]!);
  for (let start = from; start < to; start += RUN) {
    const end = Math.min(to, start + RUN);
    for (let at = start + 1; at < end; at++) {
      const event = order[at]!;
      let place = at;
      for (; place > start && isBefore(event, order[place - 1]!); place--) order[place] = order[place - 1]!;
      order[place] = event;
    }
  }
  for (let width = RUN; width < to - from; width *= 2) {
    for (let start = from; start + width < to; start += 2 * width) {
      const middle = start + width;
      // Most logs are in order of time for long stretches.
      if (!isBefore(order[middle]!, order[middle - 1]!)) continue;
      const end = Math.min(to, middle + width);
      spare.set(order.subarray(start, middle), start);
      let left = start;
      let right = middle;
      for (let at = start; left < middle; at++) {
        order[at] = right < end && isBefore(order[right]!, spare[left]!) ? order[right++]! : spare[left++]!;
      }
    }
  }
}
