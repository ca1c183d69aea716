/**
 * The prepared data on disk: what preprocess writes and everything after it reads.
 * docs/prepared-format.md is the description; this is its manifest and its file names.
 */

/** Bumped whenever a reader of the old layout would misread the new one. */
export const PREPARED_FORMAT = 4;

/** Rows of every vocabulary that are no values: 0 is the missing value, then the out-of-vocabulary buckets. */
export const MISSING_INDEX = 0;

export type ElementType = 'u8' | 'u16' | 'i32' | 'u32' | 'f32';

/** Parts of the split, as stored in requests/split.u8. */
export const SPLITS = ['training', 'validation', 'evaluation'] as const;
export type Split = (typeof SPLITS)[number];

/** A field's vocabulary: rows = 1 (missing) + buckets + values in the vocabulary. */
export interface FieldManifest {
  readonly name: string;
  /** Rows of the embedding table. */
  readonly rows: number;
  readonly buckets: number;
  /** Distinct values met in the training period, those below minCount included, and those carried on from an earlier folder. */
  readonly values: number;
  /** Multi-valued fields are stored as offsets and values. */
  readonly multiValued: boolean;
  /** sha256 of the vocabulary's values in index order: what a checkpoint is checked against. */
  readonly vocabularyHash: string;
  /** What rows and hash were before the vocabulary grew, the oldest first: values only ever follow those that are there. */
  readonly earlier?: readonly { readonly rows: number; readonly vocabularyHash: string }[];
}

export interface PropertyFieldManifest extends FieldManifest {
  /** What one step of this field adds to the property code: code = sum of index * stride. */
  readonly stride: number;
}

/** A number of a row; what is stored is (value - mean) / deviation, 0 for a missing value. */
export interface NumberManifest {
  readonly name: string;
  /** Of the rows that are known before the evaluation period, of the logarithms where the scale is log. */
  readonly mean: number;
  /** Of the same; 1 where they are all the same. */
  readonly deviation: number;
}

/** What tasks can judge besides items. */
export interface EntityManifest {
  readonly rows: number;
  /** Of a field that shares the vocabulary of an item field: rows, buckets and hash are those of that field. */
  readonly fields: readonly (FieldManifest & { readonly shares?: string })[];
  /** In the order in which they are stored. */
  readonly numbers: readonly NumberManifest[];
}

export type TaskKind = 'binary' | 'rank' | 'multiclass';

/** A ranking feature r, or a number that a binary task reads: the mean and the deviation are those of the training samples. */
export type RankingFeature = NumberManifest;

export interface TaskManifest {
  readonly kind: TaskKind;
  /** What is judged, item or an entity; null for a task about the user alone. */
  readonly candidate: string | null;
  /** In the order in which they are stored, the constant first; none of a task without. */
  readonly features: readonly RankingFeature[];
  /** Labels are 0 .. classes - 1. */
  readonly classes: number;
  /** Of drawn negatives: the share of all of them, over all requests before the evaluation period, that was drawn. */
  readonly negativeRate?: number;
  readonly samples: number;
  /** Count of samples by split and label, such as counts.training['1']. */
  readonly counts: Readonly<Record<Split, Readonly<Record<string, number>>>>;
}

export interface RowCounts {
  readonly read: number;
  readonly kept: number;
  readonly rejected: number;
  readonly filtered: number;
  /** reason -> rows; the rejected ones and the filtered ones each add up. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  readonly filteredBy: Readonly<Record<string, number>>;
}

export interface CarriedFrom {
  readonly name: string;
  readonly configHash: string;
  readonly coveredTo?: string;
  readonly vocabularies: 'fixed' | 'grow';
}

export interface Manifest {
  readonly format: number;
  readonly name: string;
  /** sha256 of the part of the config that preprocess reads (src/config/prepared-slice.ts). */
  readonly configHash: string;
  /** That part itself, so that a difference can be named. */
  readonly config: unknown;
  readonly inputs: readonly {
    readonly path: string;
    readonly bytes: number;
    readonly modifiedMs: number;
  }[];
  /** Rows of each table: log, items, users, entities/<entity>, samples/<task>, predictedCtr. */
  readonly rows: Readonly<Record<string, RowCounts>>;
  readonly users: number;
  readonly events: number;
  readonly items: number;
  readonly requests: number;
  readonly requestsBySplit: Readonly<Record<Split, number>>;
  /** First and last time of the log, and the bounds of the split, as ISO 8601 in UTC. */
  readonly firstEvent: string | null;
  readonly lastEvent: string | null;
  readonly evaluationFrom: string;
  readonly evaluationTo: string | null;
  /** Until when the log is known: data.log.to, else the end of the local day of its last event. Folders of before updates lack it. */
  readonly coveredTo?: string;
  /** Where the last update begins, which ends at coveredTo and which requests, samples and `rows` are of; null for a first preparation. */
  readonly updateFrom?: string | null;
  /** The columns of the log that is kept for updates, as the files name them: t0, t1, .. and n0, n1, ..; without updates none is kept. */
  readonly keptLog?: { readonly text: readonly string[]; readonly numbers: readonly string[] };
  /** The folder whose encoding the first preparation carried on. */
  readonly carried?: CarriedFrom;
  readonly fields: {
    readonly item: readonly FieldManifest[];
    /** In the order in which they are stored. */
    readonly itemNumbers: readonly NumberManifest[];
    readonly properties: readonly PropertyFieldManifest[];
    readonly user: readonly FieldManifest[];
    /** The words of the requests' queries; null without features.query. */
    readonly query: FieldManifest | null;
  };
  readonly entities: Readonly<Record<string, EntityManifest>>;
  readonly tasks: Readonly<Record<string, TaskManifest>>;
  /** Names of the stream segments, oldest first. */
  readonly segments: readonly string[];
  /** Path inside the folder -> size and sha256 of every file but this one. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

/** Paths inside a prepared folder. */
export const preparedPaths = {
  manifest: 'manifest.json',
  /** `group` is item, properties, user or an entity. */
  vocabulary: (group: string, field: string) => `vocabulary/${group}/${field}.parquet`,
  items: 'items/items.parquet',
  itemField: (field: string) => `items/${field}.i32`,
  itemFieldOffsets: (field: string) => `items/${field}.offsets.i32`,
  itemNumbers: 'items/numbers.f32',
  entities: (entity: string) => `entities/${entity}.parquet`,
  entityField: (entity: string, field: string) => `entities/${entity}/${field}.i32`,
  entityFieldOffsets: (entity: string, field: string) => `entities/${entity}/${field}.offsets.i32`,
  entityNumbers: (entity: string) => `entities/${entity}/numbers.f32`,
  users: 'streams/users.parquet',
  streamLog: (segment: string) => `streams/${segment}/log.parquet`,
  streamOffsets: (segment: string) => `streams/${segment}/offsets.i32`,
  streamItems: (segment: string) => `streams/${segment}/item.i32`,
  streamProperties: (segment: string) => `streams/${segment}/property.u16`,
  streamTimes: (segment: string) => `streams/${segment}/time.u32`,
  streamUserField: (segment: string, field: string) => `streams/${segment}/user-${field}.i32`,
  profileField: (field: string) => `streams/user-${field}.i32`,
  requests: 'requests/requests.parquet',
  requestUser: 'requests/user.i32',
  requestTime: 'requests/time.u32',
  requestEnd: 'requests/end.i32',
  requestSplit: 'requests/split.u8',
  requestUserField: (field: string) => `requests/user-${field}.i32`,
  requestQuery: 'requests/query.i32',
  requestQueryOffsets: 'requests/query.offsets.i32',
  sampleOffsets: (task: string) => `samples/${task}/offsets.i32`,
  sampleCandidates: (task: string) => `samples/${task}/candidate.i32`,
  sampleLabels: (task: string) => `samples/${task}/label.f32`,
  sampleFeatures: (task: string) => `samples/${task}/features.f32`,
  sampleWeights: (task: string) => `samples/${task}/weight.f32`,
  sampleLevels: (task: string) => `samples/${task}/levels.parquet`,
  samples: (task: string) => `samples/${task}/samples.parquet`,
  rejects: (table: string) => `rejects/${table.replaceAll('/', '-')}.csv`,
} as const;
