/**
 * The address of a graph, from what people type: `cincinnati.base_url` of a node, or where a graph lies. Pure.
 *
 * Invariant: a base address leads where it leads an agent, templates included.
 */
import { endpointBelow } from '../../src/http/base-url.ts';
import type { GraphScope } from './graph-scope.ts';

const ENDPOINT = '/v1/graph';

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * `wariness`: whose view of rollouts, 0 to 1. An address that ends in `.json` is a file, and is asked for as it is. Throws
 * an error with a text for people.
 */
export function graphAddress(text: string, { stream, basearch, scheme }: GraphScope, wariness: number): URL {
  const given = URL.parse(text);
  if (given?.pathname.endsWith('.json') === true) {
    return given;
  }
  const base = text.replace(/\/v1\/graph\/?(?=\?|$)/, '');
  const endpoint = endpointBelow(base, ENDPOINT.slice(1), {
    stream,
    basearch,
    platform: 'metal',
    group: 'default',
  });
  if ('problem' in endpoint) {
    throw new Error(`the address of an update server ${endpoint.problem}`);
  }
  const { url } = endpoint;
  url.searchParams.set('basearch', basearch);
  url.searchParams.set('stream', stream);
  url.searchParams.set('rollout_wariness', wariness.toFixed(6));
  if (scheme === 'oci') {
    url.searchParams.set('oci', 'true');
  }
  return url;
}
