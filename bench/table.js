/**
 * The results of the benchmark as Markdown tables, for a terminal and for docs/performance.md.
 *
 *     node bench/table.js [FILE]    # bench/results.json by default
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatMarkdownTable } from '../dist/common/markdown-table.js';

/** What each ratio, ours over the peer's, is meant to reach. */
const GOALS = {
  trainVsTorchPlain: 18,
  trainVsTorchTuned: 1.8,
  encodeVsTorchTuned: 1.5,
  serveVsOnnxruntime: 1.5,
  preprocessVsPandas: 3,
  // Within 1.3 times the time of polars.
  preprocessVsPolars: 1 / 1.3,
};

const rounded = (value, digits = 3) => (value === null ? null : Number(value.toPrecision(digits)));
const count = (value) => Math.round(value).toLocaleString('en-US');
const megabytes = (bytes) => `${count(bytes / 1e6)} MB`;
const percent = (share) => `${(100 * share).toFixed(0)} %`;
const ratioText = ({ median, lowest, highest, pairs, disturbed }) =>
  `${rounded(median)} (${rounded(lowest)} .. ${rounded(highest)}, ${pairs} pairs${disturbed ? ', beside other load' : ''})`;

function section(title, header, rows) {
  return rows.length === 0 ? '' : `### ${title}\n\n${formatMarkdownTable(header, rows)}`;
}

/** Of its reason the first two lines: which command, and what that said. */
const failure = ({ failed }) => `failed: ${failed.split('\n').slice(0, 2).join(' ')}`;

function ratios(results) {
  const rows = Object.entries(results.ratios).map(([name, value]) => [
    name,
    rounded(value),
    name in GOALS ? rounded(GOALS[name]) : null,
  ]);
  return section('Our throughput over that of the peer', ['ratio', 'measured', 'goal'], rows);
}

/** Of the parts train and encode. */
function speeds({ parts }) {
  const rows = ['train', 'encode'].flatMap((part) =>
    (parts[part]?.measured ?? []).flatMap(({ threads, unit, speeds, comparisons }) =>
      Object.entries(speeds).map(([side, speed]) => {
        const comparison = comparisons.find(({ peer }) => peer === side);
        return [
          part,
          threads,
          side,
          `${count(speed)} ${unit}`,
          comparison ? ratioText(comparison.ratio) : null,
        ];
      }),
    ),
  );
  return section('Training step and encoding', ['part', 'threads', 'side', 'speed', 'ours over it'], rows);
}

function arithmetic({ parts }) {
  const rows = (parts.train?.measured ?? []).flatMap(({ threads, arithmetic }) => {
    const { flopsPerRequest, sgemmGflops, usefulGflops, share } = arithmetic;
    return [
      ['dupn', 'tensorflow'],
      ['torchTuned', 'torch'],
    ].map(([side, library]) => [
      threads,
      side,
      `${rounded(flopsPerRequest / 1e6)} MFLOP`,
      `${rounded(usefulGflops[side])} GFLOP/s`,
      `${rounded(sgemmGflops[library])} GFLOP/s`,
      percent(share[side]),
    ]);
  });
  return section(
    'Useful arithmetic of the training step',
    ['threads', 'side', 'a request', 'useful', 'sgemm of its library', 'share'],
    rows,
  );
}

function fits({ parts: { fit } }) {
  if (!fit) return '';
  const rows = Object.entries(fit.seconds).map(([side, seconds]) => {
    const comparison = fit.comparisons.find(({ peer }) => peer === side);
    const auc = side === 'dupn' ? fit.validationAuc.dupn : fit.validationAuc.torchTuned;
    return [side, `${rounded(seconds)} s`, rounded(auc, 4), comparison ? ratioText(comparison.ratio) : null];
  });
  return section('Whole training, one epoch', ['side', 'time', 'validation AUC', 'ours over it'], rows);
}

function preprocessing({ parts: { preprocess } }) {
  if (!preprocess) return '';
  const compared = preprocess.compared.flatMap((one) => {
    const { format, rows, seconds, peakRssBytes, comparisons } = one;
    if (one.failed) return [[`${count(one.events)} events, ${format}`, failure(one), null, null, null]];
    return Object.keys(seconds).map((side) => {
      const comparison = comparisons.find(({ peer }) => peer === side);
      return [
        `${count(rows.events)} events, ${format}`,
        side,
        `${rounded(seconds[side])} s`,
        megabytes(peakRssBytes[side]),
        comparison ? ratioText(comparison.ratio) : null,
      ];
    });
  });
  const sizes = preprocess.scaling.map((one) => {
    const { events, seconds, peakRssBytes, microsecondsPerEvent, disturbed } = one;
    if (one.failed) return [count(events), null, null, null, failure(one)];
    return [
      count(events),
      `${rounded(seconds)} s`,
      `${rounded(microsecondsPerEvent)} us`,
      megabytes(peakRssBytes),
      disturbed ? 'beside other load' : null,
    ];
  });
  return [
    section('Preprocessing', ['log', 'side', 'time', 'peak memory', 'ours over it'], compared),
    section('Preprocessing by size (ours, CSV)', ['events', 'time', 'an event', 'peak memory', ''], sizes),
  ].join('\n');
}

function growth({ parts: { scaling } }) {
  const rows = Object.entries(scaling?.series ?? {}).flatMap(([name, { points }]) =>
    points.map(({ value, millisecondsPerStep, microsecondsPerSample, timeOverFirst, peakRssBytes }) => [
      name,
      count(value),
      `${rounded(millisecondsPerStep)} ms`,
      `${rounded(microsecondsPerSample)} us`,
      timeOverFirst ? ratioText(timeOverFirst) : null,
      megabytes(peakRssBytes),
    ]),
  );
  return section(
    'How a training step grows',
    ['by', 'value', 'a step', 'a sample', 'a request, over that of the first value', 'peak memory'],
    rows,
  );
}

function memories({ parts: { memory, largeTable } }) {
  const rows = [];
  if (memory) {
    const { settings, rssGrowthBytes, rssGrowthShare, tensorGrowth } = memory;
    rows.push([
      `memory from a tenth of ${count(settings.steps)} steps to their end`,
      `${megabytes(rssGrowthBytes)} (${percent(rssGrowthShare)}), ${tensorGrowth} tensors`,
    ]);
  }
  if (largeTable?.leftOut)
    rows.push([`table of ${count(largeTable.settings.rows)} rows`, largeTable.leftOut]);
  else if (largeTable) {
    const { settings, tableAndSlotBytes, peakRssBytes, besideBytes, smallRows, timeOverSmall } = largeTable;
    rows.push(
      [
        `peak memory with a table of ${count(settings.rows)} rows x 32`,
        `${megabytes(peakRssBytes)}: ${megabytes(tableAndSlotBytes)} for it and its slot, ${megabytes(besideBytes)} beside`,
      ],
      [`time of a step over one with ${count(smallRows)} rows`, ratioText(timeOverSmall)],
    );
  }
  return section('Memory', ['what', 'measured'], rows);
}

function starts({ parts: { startup } }) {
  const rows = Object.entries(startup?.seconds ?? {}).map(([name, seconds]) => [
    name,
    `${Math.round(1000 * seconds)} ms`,
  ]);
  return section('Start-up', ['command', 'time'], rows);
}

function serving({ parts: { serve } }) {
  const rows = (serve?.measured ?? []).flatMap(({ kind, connections, speeds, ratio, slices }) =>
    Object.entries(speeds).map(([side, { perSecond, p50Ms, p99Ms }]) => [
      kind,
      connections,
      side,
      count(perSecond),
      `${p50Ms} ms`,
      `${p99Ms} ms`,
      side === 'dupn' ? rounded(ratio) : null,
      slices.some((slice) => slice.side === side && slice.disturbed) ? 'beside other load' : null,
    ]),
  );
  return section('Serving', ['requests', 'clients', 'side', 'a second', 'p50', 'p99', 'ratio', ''], rows);
}

/** All parts that were measured. */
export function resultTables(results) {
  const { environment: here, parts } = results;
  const versions = Object.entries(here.versions).map(([name, version]) => `${name} ${version}`);
  // Which kernels run is among what doctor says of the engine.
  const engine = Object.entries(here.engine).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const isQuick = Object.values(parts).some(({ quick }) => quick);
  const about = [
    `${here.cpu.model}, ${here.cpu.threads} threads (${here.cpu.features.join(', ')});`,
    `dupn ${here.dupn} (${here.commit}): ${engine.join(', ')}; ${versions.join(', ')}.`,
  ].join(' ');
  const sections = [ratios, speeds, arithmetic, fits, preprocessing, growth, memories, serving, starts];
  const note = isQuick ? 'A quick run: these figures say only that everything runs.\n' : '';
  return [`${about}\n`, note, ...sections.map((make) => make(results))].filter(Boolean).join('\n');
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) {
  const file = process.argv[2] ?? fileURLToPath(new URL('./results.json', import.meta.url));
  console.log(resultTables(JSON.parse(readFileSync(file, 'utf8'))));
}
