/** The outcome of a simulation as JSON. Pure. */
import type { Outcome } from '../src/fleet/outcome.ts';
import type { Plan } from '../src/fleet/plan.ts';

/** The format's own number: it grows when a reader would have to change. */
const FORMAT = 1;

/** One document, ended by a line feed. Instants are texts in UTC, lengths are milliseconds. */
export function jsonReport(plan: Plan, { groups, locks, samples, mostDown }: Outcome): string {
  const document = {
    simulation: FORMAT,
    from: utc(plan.fromAt),
    until: utc(plan.untilAt),
    seed: plan.seed,
    mostDown,
    releases: plan.releases.map(({ version, publishedAt, haltedAt, isBad }) => ({
      version,
      publishedAt: utc(publishedAt),
      isBad,
      ...(haltedAt !== undefined && { haltedAt: utc(haltedAt) }),
    })),
    groups: groups.map((group) => ({
      ...group,
      releases: group.releases.map((release) => ({ ...release, publishedAt: utc(release.publishedAt) })),
    })),
    locks,
    samples: samples.map((sample) => ({ ...sample, at: utc(sample.at) })),
  };
  return `${JSON.stringify(document)}\n`;
}

function utc(at: number): string {
  return new Date(at).toISOString();
}
