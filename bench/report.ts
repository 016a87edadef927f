/** The figures as rows, and rows as a table for people. Pure; main.ts prints what comes out of here. */
import type { CpuMsEach } from './cost.ts';

export interface Row {
  what: string;
  /** The figure itself, in `unit`. */
  value: number;
  unit: string;
  p50Ms?: number;
  p99Ms?: number;
  /** What it is compared with, and how many times that it is. */
  beside?: Beside[];
  cpuMsEach?: CpuMsEach;
}

export interface Beside {
  what: string;
  value: number;
  ratio: number;
}

export function beside(what: string, value: number, ours: number): Beside {
  return { what, value, ratio: ours / value };
}

const headings = ['', '', 'p50 ms', 'p99 ms', 'beside'];

export function renderTable(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const [heading = '', ...figures] = lines.map((line) => renderLine(line, widths));
  const costs = rows.map(({ cpuMsEach }) => (cpuMsEach ? [renderCost(cpuMsEach)] : []));
  return [heading, ...figures.flatMap((line, index) => [line, ...(costs[index] ?? [])])].join('\n');
}

/** Whoever takes less than a fiftieth of it is left out. */
function renderCost(cpuMsEach: CpuMsEach): string {
  const all = Object.values(cpuMsEach).reduce((sum, ms) => sum + ms, 0);
  const parts = Object.entries(cpuMsEach)
    .filter(([, ms]) => ms >= all / 50)
    .sort(([, a], [, b]) => b - a)
    .map(([name, ms]) => `${name} ${figure(ms)}`);
  return `  CPU ms each: ${figure(all)} = ${parts.join(' + ')}`;
}

function cells(row: Row): string[] {
  const compared = (row.beside ?? []).map(
    ({ what, value, ratio }) => `${figure(ratio)}× ${what} (${figure(value)})`,
  );
  return [
    row.what,
    `${figure(row.value)} ${row.unit}`,
    row.p50Ms === undefined ? '' : figure(row.p50Ms),
    row.p99Ms === undefined ? '' : figure(row.p99Ms),
    compared.join(', '),
  ];
}

/** The first and the last column to the left, figures to the right. */
function renderLine(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, column) => {
      const width = widths[column] ?? 0;
      const toTheLeft = column === 0 || column === line.length - 1;
      return toTheLeft ? cell.padEnd(width) : cell.padStart(width);
    })
    .join('  ')
    .trimEnd();
}

/** Three digits that count: 0.27, 9.1, 131, 1,540. */
export function figure(value: number): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString('en', {
    minimumFractionDigits: 0,
    maximumFractionDigits: digits,
  });
}
