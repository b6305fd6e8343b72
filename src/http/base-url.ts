/**
 * From a configured base URL to the address of an endpoint below it, for the update server and the lock server alike.
 * Pure. The caller makes an error of its own kind of a problem.
 */
import { expandTemplate, TEMPLATE_NAMES, type TemplateName } from '../text/url-template.ts';

export type TemplateValues = Readonly<Record<TemplateName, string>>;

/** `problem`: the end of a sentence, "must be …, got …". */
export type Endpoint = { readonly url: URL } | { readonly problem: string };

/**
 * The endpoint `path` (`v1/graph`) below `baseUrl`, with its templates filled in. `https://h/p` and `https://h/p/` both
 * lead to `https://h/p/v1/graph`. A query in the base is kept, a fragment is not.
 */
export function endpointBelow(baseUrl: string, path: string, values: TemplateValues): Endpoint {
  const expanded = expandTemplate(baseUrl, values);
  const unknown = /\$\{[^}]*\}?/.exec(expanded);
  if (unknown !== null) {
    const known = TEMPLATE_NAMES.map((name) => `\${${name}}`).join(', ');
    const name = /^\$\{\w{1,40}\}$/.test(unknown[0]) ? unknown[0] : 'another one';
    return { problem: `must have no other templates than ${known}, got ${name}` };
  }
  const url = URL.parse(expanded);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return { problem: 'must be an http:// or https:// address, got something else' };
  }
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  url.hash = '';
  return { url };
}
