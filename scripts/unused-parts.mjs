// Leaves out of the bundle what packages load and the agent never runs. Modules of Node's own that they load for one fact
// are left out too. Each is memory and time at every start.
//
// Invariant: whoever does use such a part fails at once, with its name in the error.
import path from 'node:path';

const NO_COMPILER =
  'module.exports = () => () => { throw new Error("no schema can be compiled in the bundle"); }';

const UNUSED = [
  {
    by: /\/node_modules\/undici\//,
    // The agent speaks no HTTP/2 and sends texts alone. All processors it is packaged for run the other WebAssembly.
    files:
      /\/undici\/lib\/(?:dispatcher\/client-h2|dispatcher\/parser-h1|llhttp\/llhttp-wasm|milo\/.+|web\/.+)$/,
    facts: { 'node:http': 'export const maxHeaderSize = 16384; export class IncomingMessage {}' },
  },
  {
    by: /\/node_modules\/pino\//,
    // The agent writes its log itself, in its own thread.
    files: /\/pino\/lib\/transport$|\/thread-stream$/,
    facts: { worker_threads: 'export const isMainThread = true' },
  },
  {
    by: /\/node_modules\/fastify\//,
    // The agent serves plain HTTP, without plugins or a proxy in front that it would believe, and never calls itself.
    files: /\/(?:node:https|node:http2|semver|light-my-request|@fastify\/proxy-addr)$/,
    facts: {
      // Its one route has no schema. What compiles schemas is half of the package.
      '@fastify/ajv-compiler': NO_COMPILER,
      '@fastify/fast-json-stringify-compiler': NO_COMPILER,
    },
  },
  {
    by: /\/node_modules\/node-unix-socket\//,
    files: /\/node-unix-socket\/js\/(?:seqpacket|socket)$/,
    facts: {
      worker_threads: 'export const isMainThread = true',
      // The package finds its native part by way of Node's report about the machine, which takes longer than all the rest.
      './addon': `try { module.exports = require('node-unix-socket-linux-' + process.arch + '-gnu'); }
        catch { module.exports = require('node-unix-socket/js/addon.js'); }`,
    },
  },
];

const ABSENT = '\0absent:';
/** By the names that they have in the bundle. */
const factsOf = new Map();

/** For rolldown. */
export const unusedParts = {
  name: 'unused-parts',
  resolveId: {
    order: 'pre',
    handler(source, importer = '') {
      const { files, facts } = UNUSED.find(({ by }) => by.test(importer)) ?? {};
      if (facts?.[source] !== undefined) {
        const id = `\0facts-${source.replaceAll(/\W+/g, '-')}`;
        factsOf.set(id, facts[source]);
        return id;
      }
      const full = source.startsWith('.') ? path.join(path.dirname(importer), source) : `/${source}`;
      return files?.test(full.replace(/\.js$/, '')) === true ? `${ABSENT}${source}` : undefined;
    },
  },
  load(id) {
    return factsOf.get(id) ?? (id.startsWith(ABSENT) ? absent(id.slice(ABSENT.length)) : undefined);
  },
};

/** A module that may be loaded and passed on, but not used. */
function absent(name) {
  return `const fail = () => { throw new Error(${JSON.stringify(`${name} is not in the bundle`)}); };
    module.exports = new Proxy(fail, {
      get: (_, key) => (typeof key === 'symbol' || key.startsWith('__') ? undefined : fail()),
      construct: fail,
    });`;
}

/** In the bundle, undici takes its llhttp at once, without asking whether to use its other parser. */
export const UNDICI_WITHOUT_MILO = { esbuildDetection: 'true' };
