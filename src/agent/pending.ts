/** Which requests the machine is busy with. Pure. */
import type { Override } from './overrides.ts';
import type { Request, RequestOf, Wish } from './requests.ts';
import type { Memory } from './state.ts';

type Requests = Pick<Memory, 'requests'>;

/** The oldest request of a kind. */
function first<K extends Wish['kind']>({ requests }: Requests, kind: K): RequestOf<K> | undefined {
  return requests
    .map(({ request }) => request)
    .find((request): request is RequestOf<K> => isOf(request, kind));
}

export function isOf<K extends Wish['kind']>(request: Request, kind: K): request is RequestOf<K> {
  return request.wish.kind === kind;
}

export function stageRequest(memory: Requests): RequestOf<'stage'> | undefined {
  return first(memory, 'stage');
}

export function rebootRequest(memory: Requests): RequestOf<'reboot'> | undefined {
  return first(memory, 'reboot');
}

/** Whether a person who wants the reboot now overrides `what`. */
export function isOverridden(memory: Requests, what: Override): boolean {
  return rebootRequest(memory)?.wish.overrides.includes(what) === true;
}
