/** The part of the schema that says which Spark reads the tables. */
import { z } from 'zod';
import { path } from './schema-data.js';

export const spark = z
  .strictObject({
    submit: path
      .default('spark-submit')
      .describe(
        'The program that submits to Spark: a name on PATH or a path, such as /opt/spark/bin/spark-submit',
      ),
    master: z
      .string()
      .min(1)
      .optional()
      .describe(
        'URL of the master, such as yarn, spark://host:7077, k8s://https://host:6443 or local[2]; by default that of your spark-defaults.conf',
      ),
    conf: z
      .record(
        z.string().regex(/^spark\.\S+$/, 'a name of Spark that starts with spark.'),
        z.union([z.string(), z.number(), z.boolean()]),
      )
      .default({})
      .describe(
        'Settings of Spark, by name, such as spark.executor.memory: 8g; no secrets, which belong in the environment or in the configuration of your Spark, since configs are copied beside runs',
      ),
    staging: path
      .optional()
      .describe(
        'A folder that the driver and all executors read and write (s3a://bucket/tmp, hdfs:///tmp, a shared disk) for what Spark hands on, in a folder of its own that is removed again; with a local master by default beside the prepared folder',
      ),
  })
  .describe('With engine: spark, how it is started');
