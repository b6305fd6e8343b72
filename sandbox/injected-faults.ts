/** Counts the faults that the sandbox has put in on demand, for each node. What the agent says of them does not count. */
import { appSpecificId, ZINCATI_APP_ID } from '../src/identity/node-uuid.ts';
import type { ServedRequest } from './cincinnati-server.ts';
import { faultsLeft } from './stand-in.ts';

export class InjectedFaults {
  readonly #ordered: number;
  readonly #served = new Map<string, number>();

  /** `ordered`: of the daemon of each node. */
  constructor(ordered: number) {
    this.#ordered = ordered;
  }

  /** The update server has answered. */
  served({ query, fault }: ServedRequest): void {
    const id = query['node_uuid'];
    if (fault !== undefined && id !== undefined) {
      this.#served.set(id, (this.#served.get(id) ?? 0) + 1);
    }
  }

  /** How many have struck the machine of this id, whose root is `root`. */
  of(machineId: string, root: string): number {
    const served = this.#served.get(appSpecificId(machineId, ZINCATI_APP_ID)) ?? 0;
    return served + this.#ordered - faultsLeft(root);
  }
}
