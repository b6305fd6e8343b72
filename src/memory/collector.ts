/** The runtime's garbage collector, to be called by hand. */

/** What the collector is told; left out: a full collection, as the runtime does them. */
export interface Collection {
  readonly type: 'major';
  /** `last-resort`: whatever can be made again goes too, and free pages go back to the kernel. */
  readonly flavor: 'regular' | 'last-resort';
}

let found: ((how?: Collection) => void) | undefined;

/** Takes some milliseconds, as `last-resort` some tens of them. */
export function collect(how?: Collection): void {
  found ??= collector();
  found(how);
}

/** The runtime has it only on request, and only in contexts that are made afterwards. */
function collector(): (how?: Collection) => void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof gc === 'function'
    ? (how) => void Reflect.apply(gc, undefined, how === undefined ? [] : [how])
    : () => undefined;
}
