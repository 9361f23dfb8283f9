import type { Environment } from './environment.ts';
import type { FailedRow, Figures, Row } from './row.ts';
import { median, spread } from './statistics.ts';
import { type Target, verdictText } from './target.ts';

/** What one call of the benchmark gave; its JSON file is this. */
export interface Report {
  readonly environment: Environment;
  readonly runs: number;
  readonly seconds: number;
  readonly rows: readonly (Row | FailedRow)[];
}

const HEAD = [
  '| case | what | Lifeline | raw limit | share of raw | target | target met | server CPU s per million lines | server peak RSS MiB | seen |',
  '|---|---|---|---|---|---|---|---|---|---|',
];

/** The report as markdown: a sentence about the machine, and the table. */
export function reportText(report: Report): string {
  return [environmentText(report), '', ...HEAD, ...report.rows.map(rowText)].join('\n');
}

export function environmentText({ environment, runs, seconds }: Report): string {
  const { cores, cpuModel, memoryGiB, node, kernel, versions, loadBefore, command, date } = environment;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `\`${command}\`, ${date}: ${cores} cores (${cpuModel}), ${memoryGiB} GiB, Linux ${kernel}, Node ${node}, ${packages.join(', ')}.`,
    `Median of ${runs} runs after a warm-up ± half the range; ${seconds.toFixed(0)} s in all. Load of the machine before: ${loadBefore.toFixed(1)}.`,
  ].join('\n');
}

function rowText(row: Row | FailedRow): string {
  if ('failure' in row)
    return `| ${row.case} | ${row.what} | **failed**: ${cell(row.failure)} | | | | | | | |`;
  const share = row.raw === undefined ? undefined : median(row.measured.samples) / median(row.raw.samples);
  const actual = row.target?.of === 'share of raw' ? share : median(row.measured.samples);
  const cells = [
    row.case,
    row.what,
    figuresText(row.measured),
    row.raw === undefined ? '' : figuresText(row.raw),
    share === undefined ? '' : shareText(share, row.measured.unit),
    row.target === undefined ? '' : targetText(row.target, row.measured.unit),
    row.target === undefined || actual === undefined ? '' : verdictText(row.target, actual),
    row.cpuSecondsPerMillion === undefined ? '' : median(row.cpuSecondsPerMillion.samples).toFixed(2),
    row.peakRssMiB === undefined ? '' : median(row.peakRssMiB.samples).toFixed(0),
    row.remark ?? '',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

export function figuresText({ unit, samples }: Figures): string {
  const text = `${numberText(median(samples))} ${unit}`;
  return samples.length > 1 ? `${text} ± ${(spread(samples) * 100).toFixed(0)} %` : text;
}

function targetText(target: Target, unit: string): string {
  const sign = target.is === 'at least' ? '≥' : '≤';
  return target.of === 'share of raw'
    ? `${sign} ${shareText(target.value, unit)} of raw`
    : `${sign} ${numberText(target.value)} ${unit}`;
}

/** Rates as a percentage, sizes as a multiple. */
function shareText(share: number, unit: string): string {
  return unit.endsWith('/s') ? `${(share * 100).toFixed(0)} %` : `${share.toFixed(1)} ×`;
}

function numberText(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
}

/** A cell of a markdown table: one line, without bars. */
export function cell(text: string): string {
  return text.replaceAll('\n', ' ').replaceAll('|', '\\|').slice(0, 300);
}
