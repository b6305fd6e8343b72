/** The agent's configuration in a sandbox: drop-ins as on a host, but with short intervals. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface AgentConfig {
  /** Left out: `etc` names the update server. */
  readonly baseUrl?: string;
  /** A folder whose files are those of /etc/zincati. */
  readonly etc?: string;
  /** More TOML, as an operator would write it. */
  readonly more?: string;
}

/** Failures on demand must be retried without minutes of waiting. */
const TIMING = `[agent.timing]
steady_interval_secs = 1
retry_interval_secs = 1
reboot_overdue_secs = 30
jitter = false
`;

export async function writeAgentConfig(root: string, { baseUrl, etc, more }: AgentConfig): Promise<void> {
  const folder = join(root, 'etc/zincati/config.d');
  await mkdir(folder, { recursive: true });
  if (etc !== undefined) {
    await cp(etc, join(root, 'etc/zincati'), { recursive: true });
  }
  await writeFile(join(folder, '10-timing.toml'), TIMING);
  if (baseUrl !== undefined) {
    await writeFile(
      join(folder, '50-cincinnati.toml'),
      `[cincinnati]\nbase_url = ${JSON.stringify(baseUrl)}\n`,
    );
  }
  if (more !== undefined) {
    await writeFile(join(folder, '90-more.toml'), more);
  }
}
