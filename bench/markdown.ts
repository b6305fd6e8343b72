/** Topics as Markdown, one table each. Pure. */
import type { Figure, Topic } from './figure.ts';
import { summarize } from './statistics.ts';

export function markdownOf(machine: string, topics: readonly Topic[]): string {
  return [machine, ...topics.map(sectionOf)].join('\n\n') + '\n';
}

function sectionOf({ title, how, figures }: Topic): string {
  const rows = figures.map(rowOf);
  const head = ['what', 'median', 'least … most', 'times', 'unit'];
  return [`## ${title}`, how, [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')].join(
    '\n\n',
  );
}

function rowOf({ what, unit, samples, note }: Figure): string[] {
  if (samples.length === 0) {
    return [what, note ?? 'not measured', '', '0', unit];
  }
  const { median, least, most, count } = summarize(samples);
  return [what, number(median), `${number(least)} … ${number(most)}`, String(count), unit];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Three significant digits; whole numbers stay whole. */
export function number(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 100) {
    return Math.round(value).toLocaleString('en-US');
  }
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
