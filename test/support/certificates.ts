/** A test's own certificate authority, and what it signs. openssl makes both when the test runs. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** PEM texts. */
export interface Issued {
  readonly key: string;
  readonly cert: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

export class TestAuthority implements AsyncDisposable {
  readonly #folder: string;
  /** PEM text. */
  readonly cert: string;

  private constructor(folder: string, cert: string) {
    this.#folder = folder;
    this.cert = cert;
  }

  static async create(name: string): Promise<TestAuthority> {
    const folder = await mkdtemp(join(tmpdir(), 'authority-'));
    const [key, cert] = [join(folder, 'ca.key'), join(folder, 'ca.pem')];
    await run('openssl', ['req', '-x509', ...NEW_KEY, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`]);
    return new TestAuthority(folder, await readFile(cert, 'utf8'));
  }

  /** `subjectAltName` is `IP:127.0.0.1` for a server, and `DNS:node-1` for a node. */
  async issue(subjectAltName: string): Promise<Issued> {
    const at = (name: string): string => join(this.#folder, name);
    await run('openssl', [
      ...['req', '-x509', '-CA', at('ca.pem'), '-CAkey', at('ca.key'), ...NEW_KEY],
      ...['-keyout', at('key.pem'), '-out', at('cert.pem'), '-subj', '/CN=test'],
      ...['-addext', `subjectAltName=${subjectAltName}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ]);
    return { key: await readFile(at('key.pem'), 'utf8'), cert: await readFile(at('cert.pem'), 'utf8') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
