/**
 * How a client proves itself to a server over TLS, and whom it trusts, from files that may be replaced at any time.
 *
 * Invariants:
 * - The same files give the same object, so its identity tells whether connections are still good.
 * - An authority that is given replaces the system's. Such a file is there to name who may speak for the server.
 */
import { X509Certificate } from 'node:crypto';
import type { SecureContext } from 'node:tls';

import { messageOf } from '../errors.ts';
import { badCredential, readCredentialFile, type CredentialFile } from '../files/credential-file.ts';
import { shownPath } from '../text/shown-path.ts';
import { KIBIBYTE, MEBIBYTE } from '../text/units.ts';

/** As the host sees them; undefined: the system's authorities, no certificate. Certificate and key come together. */
export interface TlsPaths {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** All authorities of a distribution take a quarter of it. */
const MAX_CA_BYTES = MEBIBYTE;
/** A chain of a handful of certificates, or one key. */
const MAX_CERT_BYTES = 64 * KIBIBYTE;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;
const NO_BYTES = Buffer.alloc(0);

export class TlsFiles {
  readonly #root: string;
  readonly #ca: CredentialFile | undefined;
  readonly #cert: CredentialFile | undefined;
  readonly #key: CredentialFile | undefined;
  #last: { readonly parts: readonly Buffer[]; readonly context: SecureContext } | undefined;

  /** `section`: the part of the configuration that names the files, such as `updates.fleet_lock`. */
  constructor(root: string, section: string, { ca, cert, key }: TlsPaths) {
    const file = (name: string, path: string | undefined, maxBytes: number): CredentialFile | undefined =>
      path === undefined
        ? undefined
        : { key: `${section}.${name}`, path, maxBytes, secret: name === 'client_key_file' };
    this.#root = root;
    this.#ca = file('ca_file', ca, MAX_CA_BYTES);
    this.#cert = file('client_cert_file', cert, MAX_CERT_BYTES);
    this.#key = file('client_key_file', key, MAX_CERT_BYTES);
  }

  /** Reads the files. Rejects with HttpError `http_bad_credentials`. */
  async context(): Promise<SecureContext> {
    const read = async (file: CredentialFile | undefined): Promise<Buffer> =>
      file === undefined ? NO_BYTES : readCredentialFile(this.#root, file);
    const parts = [await read(this.#ca), await read(this.#cert), await read(this.#key)];
    if (this.#last?.parts.every((part, index) => part.equals(parts[index] ?? NO_BYTES)) === true) {
      return this.#last.context;
    }
    const [ca = NO_BYTES, cert = NO_BYTES, key = NO_BYTES] = parts;
    if (this.#ca !== undefined) {
      checkCertificates(this.#ca, ca);
    }
    if (this.#cert !== undefined) {
      checkCertificates(this.#cert, cert);
    }
    const context = this.#build(ca, cert, key);
    this.#last = { parts, context };
    return context;
  }

  #build(ca: Buffer, cert: Buffer, key: Buffer): SecureContext {
    try {
      // Loaded when it is needed: it is two megabytes.
      return process.getBuiltinModule('node:tls').createSecureContext({
        ...(this.#ca !== undefined && { ca }),
        ...(this.#cert !== undefined && { cert }),
        ...(this.#key !== undefined && { key }),
      });
    } catch (error) {
      const file = this.#key ?? this.#cert ?? this.#ca;
      if (file === undefined) {
        throw error;
      }
      const shown = this.#cert === undefined ? '' : ` that belongs to ${shownPath(this.#cert.path)}`;
      throw badCredential(file, `hold an unencrypted PEM key${shown}, got: ${messageOf(error)}`, error);
    }
  }
}

/** OpenSSL silently takes a file without any certificate, and then trusts nobody. */
function checkCertificates(file: CredentialFile, bytes: Buffer): void {
  const certificates = bytes.toString('latin1').match(PEM_CERTIFICATE) ?? [];
  if (certificates.length === 0) {
    throw badCredential(file, 'hold a PEM certificate, got none');
  }
  certificates.forEach((pem, index) => {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw badCredential(
        file,
        `hold PEM certificates, got a broken one (number ${index + 1}): ${messageOf(error)}`,
        error,
      );
    }
  });
}
