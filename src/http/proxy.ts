/**
 * Which proxy a request goes through. Environment variables say it, in lower or upper case, as with other programs.
 * Pure.
 *
 * - `http_proxy` is for http:// addresses only, `https_proxy` for https:// only.
 * - `all_proxy` is for what has no proxy of its own.
 * - `no_proxy` is a list of host names (subdomains included), addresses and networks (`10.0.0.0/8`). Each may have a
 *   port. `*` stands for everything.
 */
import { BlockList, isIP } from 'node:net';

import { HttpError } from '../errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Undefined: directly. Throws HttpError `http_bad_proxy`. Its message leaves out the value, which may hold a password.
 */
export function proxyFor(target: URL, env: Environment): URL | undefined {
  const names = [target.protocol === 'https:' ? 'https_proxy' : 'http_proxy', 'all_proxy'];
  const found = names.map((name) => lookUp(env, name)).find((entry) => entry.value !== '');
  if (found === undefined || isExempt(target, lookUp(env, 'no_proxy').value)) {
    return undefined;
  }
  const url = URL.parse(/^[a-z0-9+.-]+:\/\//i.test(found.value) ? found.value : `http://${found.value}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:') || !isDecodable(url)) {
    throw new HttpError(
      'http_bad_proxy',
      `the environment variable ${found.name} must be an address such as http://proxy.example.com:3128 (a % in a password is %25)`,
    );
  }
  return url;
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/** The lower-case name comes first, as with curl. */
function lookUp(env: Environment, name: string): { readonly name: string; readonly value: string } {
  const upper = name.toUpperCase();
  const lowerValue = env[name]?.trim() ?? '';
  return lowerValue === '' ? { name: upper, value: env[upper]?.trim() ?? '' } : { name, value: lowerValue };
}

function isExempt(target: URL, list: string): boolean {
  const host = bare(target.hostname);
  const port = target.port === '' ? (target.protocol === 'https:' ? '443' : '80') : target.port;
  return list
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  // `name:port`, `1.2.3.4:port` or `[::1]:port`; a bare IPv6 address has more than one colon and no port.
  const match = /^(\[[^\]]+\]|[^:]*):(\d+)$/.exec(entry);
  const pattern = bare(match?.[1] ?? entry);
  if (match !== null && match[2] !== port) {
    return false;
  }
  if (pattern === '*') {
    return true;
  }
  if (isIP(host) !== 0) {
    return coversAddress(pattern, host);
  }
  const name = pattern.replace(/^\*?\./, '');
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

function coversAddress(pattern: string, address: string): boolean {
  const [network = '', bits] = pattern.split('/');
  const family = isIP(network);
  if (family === 0) {
    return false;
  }
  const list = new BlockList();
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined) {
    list.addAddress(network, type);
  } else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)) {
    list.addSubnet(network, Number(bits), type);
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function bare(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}
