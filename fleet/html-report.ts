/**
 * The outcome of a simulation as one HTML file: the text, and three plots.
 *
 * Invariants:
 * - It loads nothing and runs nothing; its own policy forbids both.
 * - Whatever comes from a plan is escaped.
 */
import type { Outcome } from '../src/fleet/outcome.ts';
import type { Plan } from '../src/fleet/plan.ts';
import { VERSION } from '../src/version.ts';
import { escaped } from './html.ts';
import { downPlot, releasesPlot, weekPlot } from './plots.ts';
import { textReport } from './text-report.ts';

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: white }
pre { overflow-x: auto; padding: 1rem; background: #f6f6f6; font-size: 13px; line-height: 1.4 }
figure { margin: 2rem 0 }
figcaption { font-weight: 600; margin-bottom: .5rem }
figure svg { max-width: 100%; height: auto }
footer { color: #666; font-size: 13px }
`;

export async function htmlReport(plan: Plan, outcome: Outcome): Promise<string> {
  const [releases, down, week] = await Promise.all([
    releasesPlot(plan, outcome),
    downPlot(plan, outcome),
    weekPlot(outcome),
  ]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated fleet</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Simulated fleet</h1>
${figure('Nodes by release', releases)}
${figure('Down at once, by group; dashed: slots of its lock', down)}
${figure('Reboots in a week, local time of the nodes', week)}
<h2>In words</h2>
<pre>${escaped(textReport(plan, outcome))}</pre>
<footer>zincati-fleet ${VERSION}, seed ${plan.seed}</footer>
</body>
</html>
`;
}

function figure(caption: string, svg: string): string {
  return `<figure>
<figcaption>${escaped(caption)}</figcaption>
${svg}
</figure>`;
}
