/** A process of a cluster, for the tests: joins the others, does one after the other what it is asked for and prints what came of each as JSON. */
const { cluster, work, server } = JSON.parse(process.argv[2]);
const load = (path) => import(new URL(`../../dist/${path}.js`, import.meta.url).href);
const { Collectives } = await load('distributed/collectives');

const plain = (value) =>
  ArrayBuffer.isView(value)
    ? [...value]
    : Array.isArray(value)
      ? value.map(plain)
      : typeof value === 'object'
        ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
        : value;

const WORK = { begin, collect, steps, exchange, meet };

if (server !== undefined) {
  const { serveParameters } = await load('distributed/serve-parameters');
  await serveParameters({ servers: cluster.servers, server }, { startSeconds: 60, timeoutSeconds: 20 });
  process.exit(0);
}

const collectives = await Collectives.join(cluster, { startSeconds: 60, timeoutSeconds: 20 });
const result = {};
for (const [name, input] of Object.entries(work)) result[name] = await WORK[name](input);
await collectives.leave();
process.stdout.write(JSON.stringify(result), () => process.exit(0));

/** Each operation, on numbers that tell the rank. */
async function collect({ length }) {
  const { rank, size } = collectives;
  const own = Float32Array.from({ length }, (_, at) => 1000 * rank + at);
  const results = {};
  for (let round = 0; round < 3; round++) {
    results.sum = await collectives.allReduce(own, 'test');
    results.doubles = await collectives.allReduce(Float64Array.of(rank, 1e-12 * rank), 'test');
    results.few = await collectives.sumOfFew(Float64Array.of(rank, 1e-12 * rank), 'test');
    results.all = await collectives.allGather(Int32Array.of(rank, round), 'test');
    results.parts = await collectives.gatherParts(
      Int32Array.from({ length: rank % 3 }, () => rank),
      'test',
    );
    results.texts = await collectives.gatherTexts(`我 ${rank}`);
    const pairs = Float32Array.from({ length: 2 * size }, (_, at) => 100 * rank + Math.floor(at / 2));
    results.pairs = await collectives.allToAll(pairs, 'test');
  }
  let worked = false;
  const slow = async () => {
    await new Promise((done) => setTimeout(done, rank === 0 ? 700 : 0));
    worked = true;
  };
  await collectives.during(slow());
  const waited = (await collectives.gatherTexts(String(worked))).join();
  return { ...plain(results), waited, costs: [...collectives.costs.byPurpose.keys()] };
}

/** Whether all begin the same, for each of several beginnings; what is wrong otherwise. */
async function begin({ beginnings }) {
  const { clusterTeam } = await load('training/cluster-team');
  const team = clusterTeam(collectives, {});
  const results = [];
  for (const starts of beginnings) {
    results.push(
      await team.requireSame(starts[collectives.rank]).then(
        () => null,
        ({ message }) => message,
      ),
    );
  }
  return results;
}

/** Rounds of random lengths; some wish something from a round on, until it comes true, or `late`: once another wish is on its way. */
async function meet({ wishes, rounds, meetEvery, slow = 60 }) {
  const { Meeting } = await load('distributed/meeting');
  const meeting = new Meeting(collectives);
  const { rank } = collectives;
  const events = [];
  let hasWaited = false;
  for (let round = 1; round <= rounds; round++) {
    if (!meeting.isUnderWay) events.push(['together', (await collectives.gatherTexts(String(round))).join()]);
    meeting.goOn();
    await new Promise((done) => setTimeout(done, Math.random() * (rank === 1 ? slow : 30)));
    if (round % meetEvery === 0) await meeting.meet(round);
    else {
      const open = wishes.filter(({ wish }) => !events.some(([, came]) => came === wish));
      const own = open.find((one) => one.rank === rank && one.round <= round && (hasWaited || !one.late));
      const startMs = performance.now();
      const came = await meeting.after(round, own?.wish ?? 0);
      hasWaited ||= performance.now() - startMs > 5;
      if (came > 0) {
        events.push([round, came]);
        await meeting.meet(round);
      }
    }
  }
  await meeting.meet(rounds);
  return events;
}

/** Rows and gradients of tables whose values tell the row, by both exchanges. */
async function exchange({ batches, widths }) {
  const { ReplicatedRows, ShardedRows } = await load('distributed/row-exchange');
  const { rank, size } = collectives;
  const results = [];
  for (const [kind, Exchange] of Object.entries({ replicated: ReplicatedRows, sharded: ShardedRows })) {
    const of = kind === 'sharded' ? size : 1;
    const index = kind === 'sharded' ? rank : 0;
    const rowsExchange = new Exchange(collectives, widths);
    for (const batch of batches) {
      const rows = Object.fromEntries(
        Object.entries(batch[rank].rows).map(([table, own]) => [table, Int32Array.from(own)]),
      );
      const read = (table, places) =>
        Float32Array.from({ length: places.length * widths[table] }, (_, at) => {
          const place = places[Math.floor(at / widths[table])];
          return 10 * (index + place * of) + (at % widths[table]);
        });
      const fetched = await rowsExchange.fetch(rows, read);
      const gradients = Object.fromEntries(
        Object.entries(batch[rank].gradients).map(([table, values]) => [table, Float32Array.from(values)]),
      );
      const summed = await fetched.sum(gradients);
      const total = await rowsExchange.total([rank + 1, 2]);
      results.push({ kind, values: plain(fetched.values ?? {}), summed: plain(summed), total: [...total] });
    }
  }
  return results;
}

/** Steps of training, with a checkpoint after some of them; their records, and the dense weights afterwards. */
async function steps({ config: file, set, prepared, steps, checkpoint, savedSteps, from }) {
  const { loadConfig } = await load('config/load');
  const { BatchSource } = await load('dataset/batch-source');
  const { openPrepared } = await load('dataset/prepared');
  const { modelShape } = await load('model/shape');
  const { clusterTeam } = await load('training/cluster-team');
  const { replicatedTables, shardedTables } = await load('training/shared-tables');
  const { serverTables } = await load('training/server-tables');
  const { Servers } = await load('distributed/servers');
  const { Optimizer } = await load('training/optimizer');
  const { plansOf } = await load('training/plans');
  const { stepOptions } = await load('training/step-options');
  const { trainSteps } = await load('training/steps');
  const { tf } = await load('engine/tf');
  const config = await loadConfig(file, { set });
  const { manifest } = openPrepared(prepared);
  const shape = modelShape(config, manifest);
  const tables = await {
    replicated: () => replicatedTables(collectives, shape),
    sharded: () => shardedTables(collectives, shape),
    servers: async () => {
      const servers = await collectives.firstThenOthers(() =>
        Servers.connect(cluster, config.distributed, () => {}),
      );
      return serverTables(collectives, servers, shape);
    },
  }[config.distributed.tables]();
  const team = clusterTeam(collectives, tables);
  const weights = from
    ? (await team.load(from, shape)).weights
    : await team.fresh(shape, config.train.seed, config.model.embeddingDeviation);
  const optimizer = new Optimizer(weights, config.train);
  if (from) await team.loadSlots(from, optimizer);
  const source = new BatchSource(prepared);
  const records = [];
  const tensors = [];
  const first = from ? steps + 1 : 1;
  const plan = plansOf(config, null, true, team).training({ epoch: 0, batch: first - 1 });
  for await (const record of trainSteps(
    weights,
    optimizer,
    source.batches(plan),
    first,
    stepOptions(config),
    team.step,
  )) {
    records.push(record);
    tensors.push(tf.memory().numTensors);
    if (checkpoint && records.length === savedSteps)
      await team.save(checkpoint, weights, optimizer, { step: savedSteps });
    if (records.length === steps) break;
  }
  const dense = [...weights.dense].map(([name, variable]) => [
    name,
    [...variable.readRows(0, variable.shape[0] ?? 1)],
  ]);
  await source.close();
  await tables.close();
  return { records, dense: Object.fromEntries(dense), tensors };
}
