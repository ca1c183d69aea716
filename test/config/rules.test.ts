import { describe, expect, it, test } from 'vitest';
import { messageOf } from '../../src/common/errors.js';
import { parseConfig } from '../../src/config/load.js';
import type { ConfigInput } from '../../src/config/schema.js';

type Change = (config: Required<ConfigInput> & { [key: string]: unknown }) => void;

function problemsAfter(change: Change): string[] {
  const config = {
    name: 'demo',
    data: { log: { files: 'e.csv' } },
    features: { item: { item: { size: 8 } }, properties: {}, user: {} },
    split: { evaluationFrom: '2016-10-20' },
    tasks: { ctr: { kind: 'binary', samples: { files: 's.csv' } } },
    model: {},
  };
  change(config as never);
  try {
    parseConfig(JSON.stringify(config), 'c.json');
    return [];
  } catch (error) {
    const [, ...lines] = messageOf(error).split('\n');
    return lines.map((line) => line.trim().replace(/^c\.json:\d+:\d+ /, ''));
  }
}

const cases: readonly [name: string, change: Change, problem: string][] = [
  [
    'no evaluation period',
    (c) => {
      c.split = {};
    },
    'split: expected one of evaluationFrom and evaluationLastDays, got neither',
  ],
  [
    'two evaluation periods',
    (c) => {
      c.split.evaluationLastDays = 1;
    },
    'split: expected one of evaluationFrom and evaluationLastDays, got both',
  ],
  [
    'an end of the last days',
    (c) => {
      c.split = { evaluationLastDays: 1, evaluationTo: '2016-10-21' };
    },
    'split.evaluationTo: expected no end beside evaluationLastDays, whose period ends with the requests',
  ],
  [
    'steps of their own on tables that all hold',
    (c) => {
      c.distributed = { steps: 'asynchronous' };
    },
    'distributed.steps: asynchronous steps expect tables: servers, got replicated',
  ],
  [
    'steps of their own at the pace of requests',
    (c) => {
      c.distributed = { steps: 'asynchronous', tables: 'servers' };
      c.train = { taskWeighting: 'requests' };
    },
    'train.taskWeighting: asynchronous steps have one learning rate for all towers: expected fixed or uncertainty, got requests',
  ],
  [
    'averages of steps of their own',
    (c) => {
      c.distributed = { steps: 'asynchronous', tables: 'servers' };
      c.train = { averageDecay: 0.99 };
    },
    'train.averageDecay: asynchronous steps leave the dense weights to the servers, which do not average them: expected none, got 0.99',
  ],
  [
    'a path that this machine does not read',
    (c) => {
      c.data.log.files = ['s3a://bucket/log.csv'];
    },
    'data.log.files: expected a path on this machine, got s3a://bucket/log.csv, which preprocess.engine: spark may read',
  ],
  [
    'a password in a path',
    (c) => {
      c.preprocess = { engine: 'spark' };
      c.tasks.ctr!.samples!.files = 's3a://key:hidden@bucket/samples.csv';
    },
    'tasks.ctr.samples.files: expected a path without a password, which belongs in the configuration of Spark',
  ],
  [
    'a secret among the settings of Spark',
    (c) => {
      c.preprocess = { engine: 'spark', spark: { conf: { 'spark.hadoop.fs.s3a.secret.key': 'hidden' } } };
    },
    'preprocess.spark.conf.spark.hadoop.fs.s3a.secret.key: expected no secret, as configs are copied beside runs: put it in the environment or in the configuration of your Spark',
  ],
  [
    'a secret among the options of the Java of Spark',
    (c) => {
      const conf = { 'spark.driver.extraJavaOptions': '-Xss4m -Dhttps.proxyPassword=hidden' };
      c.preprocess = { engine: 'spark', spark: { conf } };
    },
    'preprocess.spark.conf.spark.driver.extraJavaOptions: expected no secret, as configs are copied beside runs: put it in the environment or in the configuration of your Spark',
  ],
  [
    'a password in a list of URLs of Spark',
    (c) => {
      const conf = { 'spark.jars.repositories': 'https://a.example/m2,https://me:hidden@b.example/m2' };
      c.preprocess = { engine: 'spark', spark: { conf } };
    },
    'preprocess.spark.conf.spark.jars.repositories: expected no secret, as configs are copied beside runs: put it in the environment or in the configuration of your Spark',
  ],
  [
    'a driver that is not here',
    (c) => {
      c.preprocess = { engine: 'spark', spark: { conf: { 'spark.submit.deployMode': 'cluster' } } };
    },
    'preprocess.spark.conf.spark.submit.deployMode: dupn talks to a driver on this machine: expected client, got cluster',
  ],
  [
    'a master in two places',
    (c) => {
      c.preprocess = { engine: 'spark', spark: { conf: { 'spark.master': 'yarn' } } };
    },
    'preprocess.spark.conf.spark.master: expected preprocess.spark.master in its place',
  ],
  [
    'a cluster without a folder that it sees',
    (c) => {
      c.preprocess = { engine: 'spark', spark: { master: 'yarn' } };
    },
    'preprocess.spark.staging: with the master yarn: expected a folder that the driver and all executors see, got none',
  ],
  [
    'a setting that is not one of Spark',
    (c) => {
      c.preprocess = { engine: 'spark', spark: { conf: { 'fs.s3a.endpoint': 'x' } } };
    },
    'preprocess.spark.conf.fs.s3a.endpoint: expected a name of Spark that starts with spark., got "fs.s3a.endpoint"',
  ],
  [
    'an entity of a reserved name',
    (c) => {
      c.entities = { user: { fields: { user: { size: 8 } } } };
    },
    'entities.user: expected another name than item, property, properties, user, query, position, popularity, seen, lastItem',
  ],
  [
    'an entity of the name of a baseline',
    (c) => {
      c.entities = { seen: { fields: { seen: { size: 8 } } } };
    },
    'entities.seen: expected another name than item, property, properties, user, query, position, popularity, seen, lastItem',
  ],
  [
    'an entity without its id',
    (c) => {
      c.entities = { shop: { table: { files: 'shops.csv' }, fields: { style: { size: 8 } } } };
    },
    'entities.shop.fields: expected a field named `shop` (the id of the shop)',
  ],
  [
    'a field of an entity that shares nothing and has no size',
    (c) => {
      c.entities = { shop: { fields: { shop: {} } } };
    },
    'entities.shop.fields.shop.size: expected the units of its embedding, as it shares that of no item field',
  ],
  [
    'a field of an entity that shares an embedding and has a size',
    (c) => {
      c.features.item.shop = { size: 8 };
      c.entities = { shop: { fields: { shop: { size: 8 } } } };
    },
    'entities.shop.fields.shop.size: expected none: it shares the embedding of features.item.shop',
  ],
  [
    'a field of an entity that shares what is not there',
    (c) => {
      c.entities = { shop: { fields: { shop: { shares: 'brand' } } } };
    },
    'entities.shop.fields.shop.shares: expected an item field (item), got brand',
  ],
  [
    'an attribute of an entity without a table',
    (c) => {
      c.entities = { shop: { fields: { shop: { size: 8 }, style: { size: 4 } } } };
    },
    'entities.shop.fields.style: expected a table of the shop that holds its column',
  ],
  [
    'numbers of items without an items table',
    (c) => {
      c.features.itemNumbers = { price: {} };
    },
    'features.itemNumbers.price: expected data.items, the table that holds its column, got none',
  ],
  [
    'numbers of an entity without a table',
    (c) => {
      c.entities = { shop: { fields: { shop: { size: 8 } }, numbers: { sales: { scale: 'log' } } } };
    },
    'entities.shop.numbers.sales: expected a table of the shop that holds its column, got none',
  ],
  [
    'a number with the name of a field',
    (c) => {
      c.data.items = { files: 'i.csv' };
      c.features.item.price = { size: 8 };
      c.features.itemNumbers = { Price: {} };
    },
    'features.itemNumbers.Price: expected another name than a field has, got that of features.item.price',
  ],
  [
    'a number with the name of an id of an entity',
    (c) => {
      c.entities = {
        shop: { table: { files: 's.csv' }, fields: { shop: { size: 8 } }, numbers: { shop: {} } },
      };
    },
    'entities.shop.numbers.shop: expected another name than a field has, got that of entities.shop.fields.shop',
  ],
  [
    'names of numbers that differ by case alone',
    (c) => {
      c.data.items = { files: 'i.csv' };
      c.features.itemNumbers = { price: {}, PRICE: { scale: 'log' } };
    },
    'features.itemNumbers.PRICE: expected a name that differs from price by more than case',
  ],
  [
    'a number with the name of a column of the item table',
    (c) => {
      c.data.items = { files: 'i.csv' };
      c.features.itemNumbers = { Row: {} };
    },
    'features.itemNumbers.Row: expected another name than row and item_id, which are there anyway',
  ],
  [
    'a scale of a number that is none',
    (c) => {
      c.data.items = { files: 'i.csv' };
      c.features.itemNumbers = { price: { scale: 'ln' as 'log' } };
    },
    'features.itemNumbers.price.scale: expected one of linear, log, got "ln"',
  ],
  [
    'a task that judges what is not declared',
    (c) => {
      Object.assign(c.tasks.ctr!, { candidate: 'shop' });
    },
    'tasks.ctr.candidate: expected one of item, got shop',
  ],
  [
    'a query of words without words',
    (c) => {
      Object.assign(c.tasks.ctr!, { query: 'text' });
    },
    'tasks.ctr.query: expected features.query, the words that it asks with, got none',
  ],
  [
    'a query of words that its samples do not have',
    (c) => {
      c.tasks.level = { kind: 'multiclass', classes: 3, query: 'text', samples: { files: 'l.csv' } };
      c.features.query = { tasks: ['ctr'] };
    },
    'tasks.level.query: expected none: features.query.tasks says that its samples have no query',
  ],
  [
    'queries of a task that is not there',
    (c) => {
      c.features.query = { tasks: ['ctr', 'l2r'] };
    },
    'features.query.tasks: expected names of tasks (ctr), got l2r',
  ],
  [
    'word2vec of query words without queries',
    (c) => {
      c.model = { queryEmbeddings: 'word2vec' };
    },
    'model.queryEmbeddings: expected features.query, the words that word2vec learns, got none',
  ],
  [
    'a query by what is no item',
    (c) => {
      c.entities = { shop: { fields: { shop: { size: 8 } } } };
      Object.assign(c.tasks.ctr!, { candidate: 'shop', query: 'candidate' });
    },
    'tasks.ctr.query: expected none: the attention can be asked with an item only, got a shop',
  ],
  [
    'training of a task that is not there',
    (c) => {
      c.train = { tasks: ['ctr', 'cvr'] };
    },
    'train.tasks: expected names of tasks (ctr), got cvr',
  ],
  [
    'a task of a field that is none',
    (c) => {
      c.features.user = { page: { from: 'request', tasks: ['ctr', 'cvr'] } };
    },
    'features.user.page.tasks: expected names of tasks (ctr), got cvr',
  ],
  [
    'tasks of a field that every request has',
    (c) => {
      c.features.user = { page: { from: 'lastEvent', tasks: ['ctr'] } };
    },
    'features.user.page.tasks: expected none: a field from lastEvent is known for every request',
  ],
  [
    'a kept column that the samples have anyway',
    (c) => {
      Object.assign(c.tasks.ctr!.samples!, { keep: ['position', 'Label'] });
    },
    'tasks.ctr.samples.keep: expected another name than sample, request, candidate, label, weight, which are there anyway, got Label',
  ],
  [
    'a feature that is read twice',
    (c) => {
      Object.assign(c.tasks.ctr!.samples!, { features: ['position', 'position'] });
    },
    'tasks.ctr.samples.features: expected distinct columns, got position twice',
  ],
  [
    'the latest behaviours twice',
    (c) => {
      c.model = { latest: [1, 1] };
    },
    'model.latest: expected distinct numbers, got [1,1]',
  ],
  [
    'a column that is kept twice',
    (c) => {
      Object.assign(c.tasks.ctr!.samples!, { keep: ['page', 'Page'] });
    },
    'tasks.ctr.samples.keep: expected distinct names, got Page twice',
  ],
  [
    'a task without samples and labels',
    (c) => {
      delete (c.tasks.ctr as { samples?: unknown }).samples;
    },
    'tasks.ctr: expected samples (a table), labels (from the log), or both',
  ],
  [
    'labels in the log without a place for requests',
    (c) => {
      c.tasks.ctr = {
        kind: 'binary',
        labels: { positives: { behavior: ['buy'] }, within: '1d', negatives: {} },
      };
    },
    'tasks.ctr.labels: expected requests (sessionStart, dayStart or positive), as there is no table of samples',
  ],
  [
    'labels of a table that places requests too',
    (c) => {
      Object.assign(c.tasks.ctr!, {
        labels: { requests: 'dayStart', positives: { behavior: ['buy'] }, within: '1d' },
      });
    },
    'tasks.ctr.labels.requests: expected none: samples names the requests',
  ],
  [
    'labels without an end',
    (c) => {
      Object.assign(c.tasks.ctr!, { labels: { positives: { behavior: ['buy'] } } });
    },
    'tasks.ctr.labels: expected within, how long after a request the label is decided (1d)',
  ],
  [
    'drawn negatives beside a table of candidates',
    (c) => {
      Object.assign(c.tasks.ctr!, {
        labels: { positives: { behavior: ['buy'] }, within: '1d', negatives: {} },
      });
    },
    'tasks.ctr.labels.negatives: expected none: rows of samples without such an event are the negatives',
  ],
  [
    'positives alone',
    (c) => {
      c.tasks.ctr = { kind: 'binary', labels: { requests: 'positive', positives: { behavior: ['buy'] } } };
    },
    'tasks.ctr.labels: expected negatives, how they are drawn, as there is no table of samples',
  ],
  [
    'negatives within a field that is none',
    (c) => {
      c.tasks.ctr = {
        kind: 'binary',
        labels: { requests: 'positive', positives: { behavior: ['buy'] }, negatives: { within: 'colour' } },
      };
    },
    'tasks.ctr.labels.negatives.within: expected an item field of one value (there is none), got colour',
  ],
  [
    'weights of classes that are not there',
    (c) => {
      Object.assign(c.tasks.ctr!, { classWeights: [1, 2, 3] });
    },
    'tasks.ctr.classWeights: expected 2 numbers, one for each label, got 3',
  ],
  [
    'two validation parts',
    (c) => {
      Object.assign(c.split, { validationUsers: 0.1, validationLastDays: 1 });
    },
    'split.validationUsers: expected one of validationUsers and validationLastDays, got both',
  ],
  [
    'an evaluation that ends where it begins',
    (c) => {
      c.split.evaluationTo = '2016-10-20 00:00:00';
    },
    'split.evaluationTo: expected a date after split.evaluationFrom (2016-10-20), got 2016-10-20 00:00:00',
  ],
  [
    'training from the evaluation period on',
    (c) => {
      c.split.trainingFrom = '2016-10-20';
    },
    'split.evaluationFrom: expected a date after split.trainingFrom (2016-10-20), got 2016-10-20',
  ],
  [
    'a task that trains from the evaluation period on',
    (c) => {
      c.tasks.ctr!.trainFrom = '2016-11-01';
    },
    'split.evaluationFrom: expected a date after tasks.ctr.trainFrom (2016-11-01), got 2016-10-20',
  ],
  [
    'a log that ends before it begins',
    (c) => {
      Object.assign(c.data.log, { from: '2016-10-02', to: '2016-10-01' });
    },
    'data.log.to: expected a date after data.log.from (2016-10-02), got 2016-10-01',
  ],
  [
    'no item id among the item fields',
    (c) => {
      c.features.item = { brand: { size: 3 } };
    },
    'features.item: expected a field named `item` (the item id), got a map',
  ],
  [
    'an item id of another column than the log has',
    (c) => {
      c.features.item.item = { size: 3, column: 'sku' };
    },
    'features.item.item.column: expected no column, or that of data.log.item (item_id), got sku',
  ],
  [
    'an item id from the items table',
    (c) => {
      c.features.item.item = { size: 3, from: 'items' };
    },
    'features.item.item.from: expected log, where the item id is, got items',
  ],
  [
    'a multi-valued item id',
    (c) => {
      c.features.item.item = { size: 3, separator: '|' };
    },
    'features.item.item.separator: expected none: an event has one item',
  ],
  [
    'a field from an items table that is not there',
    (c) => {
      c.features.item.brand = { size: 3, from: 'items' };
    },
    'features.item.brand.from: expected log, as there is no data.items, got items',
  ],
  [
    'a field from a users table that is not there',
    (c) => {
      c.features.user!.age = { from: 'users' };
    },
    'features.user.age.from: expected request or lastEvent, as there is no data.users, got users',
  ],
  [
    'pooling of single values',
    (c) => {
      c.features.item.brand = { size: 3, pooling: 'sum' };
    },
    'features.item.brand.pooling: expected a separator beside it: only a multi-valued field is pooled',
  ],
  [
    'a property of both a column and a time',
    (c) => {
      c.features.properties!.weekend = { time: 'weekend', column: 'w' };
    },
    'features.properties.weekend: expected a column or a time, not both, got a map',
  ],
  [
    'names that differ by case alone',
    (c) => {
      c.features.item.brand = { size: 1 };
      c.features.item.Brand = { size: 1 };
    },
    'features.item.Brand: expected a name that differs from brand by more than case',
  ],
  [
    'a name that is no file name',
    (c) => {
      c.features.user!['a/b'] = { from: 'request' };
    },
    'features.user.a/b: expected a name of at most 100 letters, digits, dashes and underscores that starts with a letter, got "a/b"',
  ],
  [
    'a zone that is none',
    (c) => {
      c.data.timeZone = 'Asia/Shanghi';
    },
    'data.timeZone: expected an IANA time zone such as UTC or Asia/Shanghai, did you mean `Asia/Shanghai`?, got "Asia/Shanghi"',
  ],
  [
    'columns of a format that names them itself',
    (c) => {
      Object.assign(c.data.log, { format: 'parquet', columns: ['user_id', 'item_id', 'time'] });
    },
    'data.log.columns: expected none: parquet names its columns itself',
  ],
  [
    'a column twice',
    (c) => {
      c.data.log.columns = ['user_id', 'item_id', 'time', 'time'];
    },
    'data.log.columns: expected distinct names, got time twice',
  ],
  [
    'a delimiter of a format without one',
    (c) => {
      Object.assign(c.data.log, { format: 'jsonl', delimiter: ';' });
    },
    'data.log.delimiter: expected none with format jsonl',
  ],
  [
    'a delimiter that is the quote',
    (c) => {
      Object.assign(c.data.log, { quote: ';', delimiter: ';' });
    },
    'data.log.delimiter: expected another character than quote, got ;',
  ],
  [
    'a long delimiter',
    (c) => {
      c.data.log.delimiter = '::';
    },
    'data.log.delimiter: expected one character, got "::"',
  ],
];

describe('a rule between keys', () => {
  it.each(cases)('is broken by %s', (_, change, problem) => {
    expect(problemsAfter(change)).toEqual([problem]);
  });

  it('is kept by the config that the cases start from', () => {
    expect(problemsAfter(() => {})).toEqual([]);
  });

  it('holds for every column that is read of tables without a header line', () => {
    const problems = problemsAfter((c) => {
      c.data.log.columns = ['user_id', 'item_id', 'when', 'shop', 'device'];
      c.data.log.keep = { behavior: ['click'] };
      c.data.items = { files: 'i.csv', columns: ['sku', 'brand'] };
      c.data.users = { files: 'u.csv', columns: ['user_id', 'age'] };
      c.features.item.shop = { size: 1, from: 'log' };
      c.features.item.brand = { size: 1 };
      c.features.item.kind = { size: 1, column: 'category' };
      c.features.itemNumbers = { price: {}, weight: { column: 'brand' } };
      c.entities = {
        shop: {
          table: { files: 's.csv', columns: ['shop_id', 'sales'] },
          fields: { shop: {} },
          numbers: { sales: {}, age: { column: 'years' } },
        },
      };
      c.features.properties = { scenario: {}, weekend: { time: 'weekend' } };
      c.features.user = { age: { from: 'users' }, device: { from: 'lastEvent' }, city: { from: 'request' } };
      c.features.ranking = {
        behavior: 'device',
        predictedCtr: { files: 'p.csv', columns: ['user_id', 'time', 'candidate', 'p'] },
      };
      Object.assign(c.tasks.ctr!.samples!, {
        columns: ['user_id', 'time', 'item_id', 'label'],
        weight: 'w',
        keep: ['position'],
      });
    });
    expect(problems.sort()).toEqual(
      [
        'data.log.time: expected one of data.log.columns (user_id, item_id, when, shop, device), got time',
        'data.log.keep.behavior: expected one of data.log.columns (user_id, item_id, when, shop, device), got behavior',
        'features.properties.scenario.column: expected one of data.log.columns (user_id, item_id, when, shop, device), got scenario',
        'data.items.item: expected one of data.items.columns (sku, brand), got item_id',
        'features.itemNumbers.price.column: expected one of data.items.columns (sku, brand), got price',
        'entities.shop.numbers.age.column: expected one of entities.shop.table.columns (shop_id, sales), got years',
        'features.item.kind.column: expected one of data.items.columns (sku, brand), got category',
        'features.ranking.predictedCtr.prediction: expected one of features.ranking.predictedCtr.columns (user_id, time, candidate, p), got prediction',
        'tasks.ctr.samples.weight: expected one of tasks.ctr.samples.columns (user_id, time, item_id, label), got w',
        'tasks.ctr.samples.keep: expected one of tasks.ctr.samples.columns (user_id, time, item_id, label), got position',
        'features.user.city.column: expected one of tasks.ctr.samples.columns (user_id, time, item_id, label), got city',
      ].sort(),
    );
  });
});

test('a key of another kind of task is not suggested where it stands', () => {
  const problems = problemsAfter((c) => {
    const labels = {
      requests: 'dayStart',
      within: '1d',
      next: { behavior: ['buy'] },
      positives: { behavior: ['buy'] },
    };
    c.tasks.ctr = {
      kind: 'multiclass',
      classes: 3,
      labels: { ...labels, level: { column: 'price' } },
    } as never;
  });
  expect(problems).toEqual(['tasks.ctr.labels.positives: unknown key, which belongs to another kind']);
});
