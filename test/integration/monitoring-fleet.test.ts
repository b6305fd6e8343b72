/**
 * monitoring/ against a real Prometheus that scrapes a fleet of real agents in the sandbox.
 *
 * The tests follow one fleet, in order: the last one mends what fails on demand.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MonitoredFleet, NODES } from '../support/monitored-fleet.ts';
import {
  ALERTS_FILE,
  readAlerts,
  readPanels,
  readPrometheusConfig,
  withAllChosen,
} from '../support/monitoring-files.ts';
import { Prometheus } from '../support/prometheus.ts';

let fleet: MonitoredFleet;
let prometheus: Prometheus;

/** The job of monitoring/prometheus.yaml with these targets. */
function jobWith(name: string, targets: readonly string[]): object {
  const job = readPrometheusConfig().jobs.find((each) => each.job_name === name);
  if (job === undefined) {
    throw new Error(`monitoring/prometheus.yaml must have the job ${name}`);
  }
  return { ...job, static_configs: [{ targets }] };
}

beforeAll(async () => {
  fleet = await MonitoredFleet.start();
  const targets = [...NODES, 'missing' as const].map((name) => fleet.address(name));
  prometheus = await Prometheus.start({
    rule_files: [ALERTS_FILE],
    scrape_configs: [jobWith('zincati', targets), jobWith('node', [fleet.address('node-exporter')])],
  });
});
afterAll(async () => {
  await prometheus[Symbol.asyncDispose]();
  await fleet[Symbol.asyncDispose]();
});

describe('a fleet that Prometheus scrapes', () => {
  it('answers, whatever way its metrics take', async () => {
    await prometheus.until('all nodes are seen', async () => {
      const seen = await prometheus.query('zincati_update_agent_info{job="zincati"}');
      return seen.length === NODES.length;
    });
    const down = await prometheus.query('up == 0');
    expect(down.map(({ metric }) => metric['instance'])).toEqual([fleet.address('missing')]);
  });

  it('gets through the text file of node_exporter without a fault', async () => {
    expect(fleet.textfile).toContain('zincati_update_agent_info{');
    await prometheus.until('node_exporter is seen', async () => {
      const seen = await prometheus.query('zincati_update_agent_info{job="node"}');
      return seen.length === 1;
    });
    const faults = 'promhttp_metric_handler_errors_total{cause="gathering",job="node"}';
    expect(await prometheus.query(`${faults} == 0`)).toHaveLength(1);
    expect(await prometheus.query('node_textfile_mtime_seconds{file=~".*zincati\\\\.prom"}')).toHaveLength(1);
  });

  it('gives data to every query of the dashboard', async () => {
    const expressions = readPanels().flatMap((panel) => panel.expressions);
    expect(expressions.length).toBeGreaterThan(25);
    let empty: string[] = [];
    const look = async (): Promise<boolean> => {
      const answers = await Promise.all(
        expressions.map(async (expression) => ({
          expression,
          series: await prometheus.query(withAllChosen(expression)),
        })),
      );
      empty = answers.filter(({ series }) => series.length === 0).map(({ expression }) => expression);
      return empty.length === 0;
    };
    await prometheus.until('every query has data', look).catch((error: unknown) => {
      expect(empty, String(error)).toEqual([]);
    });
  });

  it('lets every alert be evaluated', async () => {
    for (const { alert, expr } of readAlerts()) {
      await expect(prometheus.query(expr), alert).resolves.toBeInstanceOf(Array);
    }
    const faults = await prometheus.ruleFaults();
    expect(faults).toHaveLength(readAlerts().length);
    expect(faults.filter((fault) => fault !== '')).toEqual([]);
  });

  it('makes ZincatiDegraded fire as it ships, for the node that fails alone, until it is mended', async () => {
    const instance = fleet.address('failing');
    const firing = async () =>
      (await prometheus.alerts()).filter(
        ({ labels, state }) => labels['alertname'] === 'ZincatiDegraded' && state === 'firing',
      );
    await prometheus.until('it fires', async () => (await firing()).length > 0);
    expect(await firing()).toMatchObject([
      {
        labels: {
          alertname: 'ZincatiDegraded',
          severity: 'warning',
          job: 'zincati',
          instance,
          level: 'DEGRADED',
          cause: 'staging_failing',
        },
        annotations: {
          summary: `Updates are degraded on ${instance}: staging_failing`,
          runbook: 'docs/runbooks/ZincatiDegraded.md',
        },
      },
    ]);
    fleet.mend('failing');
    await prometheus.until('it ends', async () => (await firing()).length === 0);
  });

  it('has the node that does not answer on its way to ZincatiAgentMissing, and nothing else wrong', async () => {
    const alerts = async () =>
      (await prometheus.alerts()).map(({ labels, state }) => [
        labels['alertname'],
        labels['instance'],
        state,
      ]);
    // The node that was mended reboots meanwhile, and is back when its alert has ended.
    const mended = fleet.address('failing');
    await prometheus.until('the node that was mended has updated', async () => {
      const known = await prometheus.query(
        `zincati_update_agent_last_update_timestamp{instance="${mended}"}`,
      );
      return known.length === 1 && (await alerts()).length === 1;
    });
    expect(await alerts()).toEqual([['ZincatiAgentMissing', fleet.address('missing'), 'pending']]);
  });
});
