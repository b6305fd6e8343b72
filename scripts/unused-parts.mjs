// Leaves out of the bundle what packages load and the agent never runs: parts of undici and pino. Modules of Node's own
// that they load for one fact are left out too. Each is memory and time at every start.
//
// Invariant: whoever does use such a part fails at once, with its name in the error.
import path from 'node:path';

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
];

const FACTS = '\0facts:';
const ABSENT = '\0absent:';

/** For rolldown. */
export const unusedParts = {
  name: 'unused-parts',
  resolveId: {
    order: 'pre',
    handler(source, importer = '') {
      const { files, facts } = UNUSED.find(({ by }) => by.test(importer)) ?? {};
      if (facts?.[source] !== undefined) {
        return `${FACTS}${facts[source]}`;
      }
      const full = source.startsWith('.') ? path.join(path.dirname(importer), source) : `/${source}`;
      return files?.test(full.replace(/\.js$/, '')) === true ? `${ABSENT}${source}` : undefined;
    },
  },
  load(id) {
    if (id.startsWith(FACTS)) {
      return id.slice(FACTS.length);
    }
    return id.startsWith(ABSENT) ? absent(id.slice(ABSENT.length)) : undefined;
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
