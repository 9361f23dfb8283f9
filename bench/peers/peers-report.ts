import { cell, environmentText, figuresText, type Report } from '../harness/report.ts';
import type { FailedRow, Row } from '../harness/row.ts';
import { median } from '../harness/statistics.ts';
import { verdictText } from '../harness/target.ts';
import { PEERS } from './all-peers.ts';

/** The name of Lifeline's own rows. */
export const LIFELINE = 'Lifeline';

const HEAD = [
  '| followers | who | delivered | share of raw | Lifeline to it | wanted | target met | CPU s per million lines | peak RSS MiB | seen |',
  '|---|---|---|---|---|---|---|---|---|---|',
];

/** The report of the peers as markdown. Their CPU and memory are of the processes that serve, not of the job. */
export function peersText(report: Report): string {
  return [environmentText(report), '', ...HEAD, ...report.rows.map((row) => rowText(row, report.rows))].join(
    '\n',
  );
}

function rowText(row: Row | FailedRow, all: Report['rows']): string {
  if ('failure' in row)
    return `| ${row.case} | ${row.what} | **failed**: ${cell(row.failure)} | | | | | | | |`;
  const ours = all.find(
    (each): each is Row => isMeasured(each) && each.case === row.case && each.what === LIFELINE,
  );
  const share = row.raw === undefined ? undefined : rateOf(row) / median(row.raw.samples);
  const ratio = ours === undefined || ours === row ? undefined : rateOf(ours) / rateOf(row);
  const wanted = wantedOf(row);
  const cells = [
    Number(row.case).toLocaleString('en'),
    row.what,
    figuresText(row.measured),
    share === undefined ? '' : `${(share * 100).toFixed(0)} %`,
    ratio === undefined ? '' : `${ratio.toFixed(1)} ×`,
    wanted === undefined ? '' : `≥ ${wanted} ×`,
    wanted === undefined || ratio === undefined
      ? ''
      : verdictText({ of: 'measured', is: 'at least', value: wanted }, ratio),
    row.cpuSecondsPerMillion === undefined ? '' : median(row.cpuSecondsPerMillion.samples).toFixed(2),
    row.peakRssMiB === undefined ? '' : median(row.peakRssMiB.samples).toFixed(0),
    row.remark ?? '',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function isMeasured(row: Row | FailedRow): row is Row {
  return !('failure' in row);
}

function rateOf(row: Row): number {
  return median(row.measured.samples);
}

function wantedOf(row: Row): number | undefined {
  const peer = PEERS.find(({ name }) => row.what.startsWith(name));
  return peer?.wanted?.followers.includes(Number(row.case)) === true ? peer.wanted.ratio : undefined;
}
