/** One of several processes that call each collective operation over and over; the first one prints the mean times as JSON. */
import { Collectives } from '../../dist/distributed/collectives.js';

/** Floats that each hands over, of an all-to-all to all together. */
const FLOATS = [8, 4096, 65_536, 1_048_576];
const WARM_UP = 5;

const { cluster, seconds } = JSON.parse(process.argv[2]);
const collectives = await Collectives.join(cluster, { startSeconds: 60, timeoutSeconds: 60 });
const { size, rank } = collectives;

const OPERATIONS = {
  allReduce: (floats) => collectives.allReduce(floats, 'bench'),
  allGather: (floats) => collectives.allGather(floats, 'bench'),
  allToAll: (floats) => collectives.allToAll(floats, 'bench'),
};

const results = [];
for (const [operation, call] of Object.entries(OPERATIONS)) {
  for (const length of FLOATS) {
    const floats = new Float32Array(Math.ceil(length / size) * size).fill(rank);
    const timed = async (calls) => {
      const startMs = performance.now();
      for (let at = 0; at < calls; at++) await call(floats);
      return (performance.now() - startMs) / calls;
    };
    const [once] = await collectives.allReduce(Float64Array.of(await timed(WARM_UP)), 'bench');
    // The same number on all: of the mean of what they took.
    const calls = Math.max(5, Math.round((1000 * seconds) / (once / size)));
    const ms = await timed(calls);
    results.push({ workers: size, operation, bytes: floats.byteLength, calls, ms });
  }
}
await collectives.leave();
process.stdout.write(rank === 0 ? JSON.stringify(results) : '', () => process.exit(0));
