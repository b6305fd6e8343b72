/** Alerts, their tests, their runbooks, the dashboard and docs/monitoring.md name the same things. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { parseCommandLine as parseFleetCommandLine } from '../../../fleet/command-line.ts';
import { COMMANDS } from '../../../fleet/commands.ts';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { METRIC_NAMES } from '../../../src/metrics/definitions.ts';
import {
  MONITORING,
  PROJECT,
  readAlerts,
  readAlertTests,
  readPanels,
  readPrometheusConfig,
} from '../../support/monitoring-files.ts';

const SEVERITIES = ['critical', 'warning', 'info'];
/** Metrics of others: of Prometheus itself, and of node_exporter. */
const FOREIGN = ['up', 'node_textfile_mtime_seconds'];
const HEADINGS = ['What it means', 'What to look at first', 'What to do', 'How to silence it'];

const read = (name: string): string => readFileSync(path.join(PROJECT, name), 'utf8');
const PAGE = read('docs/monitoring.md');
/** The lock server's metrics have a table of their own, which its test holds to the code. */
const METRICS_PAGE = read('docs/metrics.md') + read('docs/fleet/lockd.md');
const alerts = readAlerts();
const names = alerts.map(({ alert }) => alert);
const panels = readPanels();

/** Every metric that an expression asks for. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\b(?:on|by|without|group_left)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/\b(?:up|node_\w+|process_\w+|zincati_\w+)\b/g)].map(([name]) => name);
}

describe('metricsIn', () => {
  it('sees metrics, and neither labels nor values', () => {
    expect(metricsIn('sum by (up) (rate(zincati_a{job="up",up="x"}[5m])) or up == 0')).toContain('zincati_a');
    expect(metricsIn('count by (job) (zincati_b{cause!~"zincati_c"})')).toEqual(['zincati_b']);
  });
});

describe('alerts', () => {
  it('have names of their own', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^Zincati[A-Z]\w+$/.test(name))).toEqual([]);
  });

  it.each(alerts)('$alert says how grave it is, what it is, where, and what to read', (alert) => {
    expect(SEVERITIES).toContain(alert.labels['severity']);
    expect(Object.keys(alert.annotations)).toEqual(['summary', 'description', 'runbook']);
    expect(alert.annotations['summary']).toContain('{{ $labels.instance }}');
    expect(alert.annotations['description']).toContain('{{ $labels.instance }}');
    expect(alert.annotations['runbook']).toBe(`docs/runbooks/${alert.alert}.md`);
  });

  it.each(alerts)('$alert asks for metrics that are documented', ({ expr }) => {
    const asked = metricsIn(expr);
    expect(asked.length).toBeGreaterThan(0);
    for (const name of asked.filter((each) => !FOREIGN.includes(each))) {
      if (!name.startsWith('zincati_lockd_')) {
        expect(METRIC_NAMES).toContain(name);
      }
      expect(METRICS_PAGE).toContain(`| \`${name}\` |`);
    }
  });

  it.each(names)('%s has a test in which it holds still, fires and ends', (name) => {
    const ways = readAlertTests()
      .map(({ cases }) => cases.filter(({ alert }) => alert === name).map(({ fires }) => fires))
      .map((fires) => fires.join(' '));
    expect(ways.some((way) => /^false true(?: true)* false$/.test(way))).toBe(true);
  });

  it('have no tests of others', () => {
    const tested = readAlertTests().flatMap(({ cases }) => cases.map(({ alert }) => alert));
    expect(tested.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('runbooks', () => {
  it('are those of the alerts', () => {
    expect(readdirSync(path.join(PROJECT, 'docs/runbooks')).toSorted()).toEqual(
      names.map((name) => `${name}.md`).toSorted(),
    );
  });

  describe.each(alerts)('$alert', ({ alert, labels }) => {
    const text = read(`docs/runbooks/${alert}.md`);

    it('begins with its name and severity, and has the same parts as all', () => {
      const opening = `# ${alert}\n\nSeverity: \`${labels['severity'] ?? ''}\`.`;
      expect(text.startsWith(opening)).toBe(true);
      expect([...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(HEADINGS);
    });

    it('has commands that the program understands', () => {
      const blocks = [...text.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
        block.split('\n'),
      );
      const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
      const all = [...blocks, ...spans];
      const lines = all.filter((line) => /^(?:sudo )?zincati /.test(line));
      expect(lines.length).toBeGreaterThan(0);
      for (const line of all.filter((each) => each.startsWith('zincati-fleet '))) {
        const words = line.split(' ').slice(1);
        expect(() => parseFleetCommandLine(words, COMMANDS), line).not.toThrow();
      }
      for (const line of lines) {
        const words = line.replace(/^(?:sudo )?zincati /, '').split(' ');
        expect(() => parseCommandLine(words), line).not.toThrow();
      }
    });
  });
});

describe('docs/monitoring.md', () => {
  it('lists the alerts in their order, with their severity', () => {
    const rows = [...PAGE.matchAll(/^\| \[(\w+)\]\(runbooks\/(\w+)\.md\) \| (\w+) \|/gm)].map(
      ([, name, page, severity]) => [name, page, severity],
    );
    expect(rows).toEqual(alerts.map(({ alert, labels }) => [alert, alert, labels['severity']]));
  });

  it('lists the severities', () => {
    const rows = [...PAGE.matchAll(/^\| `(critical|warning|info)` \|/gm)].map(([, severity]) => severity);
    expect(rows).toEqual(SEVERITIES);
  });

  it('links to every file of monitoring/', () => {
    const links = [...PAGE.matchAll(/\]\(\.\.\/(monitoring\/[^)]+)\)/g)].map(([, link = '']) => link);
    const files = globSync('**/*.*', { cwd: MONITORING }).map((name) => `monitoring/${name}`);
    expect(files.filter((file) => !links.includes(file))).toEqual([]);
    expect(links.filter((link) => !existsSync(path.join(PROJECT, link)))).toEqual([]);
  });

  it('names the port and the job that the files have', () => {
    const socket = read('monitoring/systemd/zincati-metrics.socket');
    const [, port = ''] = /^ListenStream=(\d+)$/m.exec(socket) ?? [];
    expect(PAGE).toContain(`curl http://localhost:${port}/metrics`);
    const { jobs } = readPrometheusConfig();
    expect(JSON.stringify(jobs.find(({ job_name: name }) => name === 'zincati'))).toContain(`:${port}"`);
    expect(alerts[0]?.expr).toContain('up{job="zincati"}');
  });
});

describe('monitoring/dashboard.json', () => {
  it('asks for metrics that are documented', () => {
    const asked = new Set(panels.flatMap(({ expressions }) => expressions.flatMap(metricsIn)));
    expect(asked.size).toBeGreaterThan(15);
    const known: readonly string[] = METRIC_NAMES;
    expect([...asked].filter((name) => !known.includes(name) && !FOREIGN.includes(name))).toEqual([]);
  });

  it('asks for the chosen jobs and nodes alone', () => {
    for (const expression of panels.flatMap(({ expressions }) => expressions)) {
      const selectors = [...expression.matchAll(/\{([^}]*)\}/g)].map(([, selector]) => selector);
      expect(selectors, expression).toHaveLength(metricsIn(expression).length);
      for (const selector of selectors) {
        expect(selector).toMatch(/^job=~"\$job",instance=~"\$instance"/);
      }
    }
  });

  it('has panels that explain themselves, with ids of their own, and none above another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, description } of panels.filter(({ expressions }) => expressions.length > 0)) {
      expect(description, title).toMatch(/^[A-Z].+\.$/);
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)}:${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});
