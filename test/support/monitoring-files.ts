/** The files of monitoring/ as data. What they must be like is checked here, so that tests can rely on it. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export const PROJECT = path.resolve(import.meta.dirname, '../..');
export const MONITORING = path.join(PROJECT, 'monitoring');
export const ALERTS_FILE = path.join(MONITORING, 'alerts.yaml');
/** With the tests of alerts. */
export const ALERT_TESTS = globSync('*.test.yaml', { cwd: MONITORING }).toSorted();

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface AlertTest {
  readonly name: string;
  readonly cases: readonly { readonly alert: string; readonly fires: boolean }[];
}

export interface Panel {
  readonly title: string;
  readonly id: number;
  readonly description: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly expressions: readonly string[];
}

export interface ScrapeJob {
  readonly job_name: string;
  readonly [key: string]: unknown;
}

export function readAlerts(): Alert[] {
  const { groups } = record(parse(readFileSync(ALERTS_FILE, 'utf8')));
  return list(groups)
    .flatMap((group) => list(record(group)['rules']))
    .map((rule) => {
      const { alert, expr, labels, annotations } = record(rule);
      return { alert: text(alert), expr: text(expr), labels: texts(labels), annotations: texts(annotations) };
    });
}

/** Of all files, in order. */
export function readAlertTests(): AlertTest[] {
  return ALERT_TESTS.flatMap((file) =>
    list(record(parse(readFileSync(path.join(MONITORING, file), 'utf8')))['tests']),
  ).map((test) => {
    const { name, alert_rule_test: cases } = record(test);
    return {
      name: text(name),
      cases: list(cases).map((each) => {
        const { alertname, exp_alerts: expected } = record(each);
        return { alert: text(alertname), fires: list(expected).length > 0 };
      }),
    };
  });
}

export function readPrometheusConfig(): {
  readonly global: Readonly<Record<string, unknown>>;
  readonly jobs: readonly ScrapeJob[];
} {
  const config = record(parse(readFileSync(path.join(MONITORING, 'prometheus.yaml'), 'utf8')));
  const jobs = list(config['scrape_configs']).map((job) => ({
    ...record(job),
    job_name: text(record(job)['job_name']),
  }));
  return { global: record(config['global']), jobs };
}

/** All panels of the dashboard; those that are rows have no expressions. */
export function readPanels(): Panel[] {
  const dashboard = record(JSON.parse(readFileSync(path.join(MONITORING, 'dashboard.json'), 'utf8')));
  return list(dashboard['panels']).map((panel) => {
    const { id, title, description = '', gridPos, targets = [] } = record(panel);
    const { h, w, x, y } = record(gridPos);
    return {
      id: number(id),
      title: text(title),
      description: text(description),
      gridPos: { h: number(h), w: number(w), x: number(x), y: number(y) },
      expressions: list(targets).map((target) => text(record(target)['expr'])),
    };
  });
}

/** An expression of the dashboard as Grafana sends it while all jobs and nodes are chosen. */
export function withAllChosen(expression: string): string {
  return expression.replaceAll(/\$(?:job|instance)\b/g, '.*');
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`it must be a mapping, got ${JSON.stringify(value)}`);
  }
  return { ...value };
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) {
    throw new TypeError(`it must be a list, got ${JSON.stringify(value)}`);
  }
  return value.map((each: unknown) => each);
}

function text(value: unknown): string {
  if (typeof value !== 'string') {
    throw new TypeError(`it must be text, got ${JSON.stringify(value)}`);
  }
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number') {
    throw new TypeError(`it must be a number, got ${JSON.stringify(value)}`);
  }
  return value;
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(record(value)).map(([key, each]) => [key, text(each)]));
}
