import { expect, it } from 'vitest';

import { endedResult } from '../../../src/cli/ended-job.ts';
import { type BusLink, Variant } from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';

const JOB = '/org/coreos/zincati/job/1';
const RESULT = new Map([['text', new Variant('s', 'nothing newer')]]);

/** A link that answers each call with the properties of a job. */
function linkTo(state: string): BusLink {
  const properties = new Map([
    ['State', new Variant('s', state)],
    ['Result', new Variant('a{sv}', RESULT)],
  ]);
  const call = () => Promise.resolve({ signature: 'a{sv}', body: [properties] });
  return { call } as unknown as BusLink;
}

function broken(error: Error): BusLink {
  return { call: () => Promise.reject(error) } as unknown as BusLink;
}

it('check-shared-after-its-end: has the result of a job that ended before it was asked for', async () => {
  expect(await endedResult(linkTo('done'), ':1.5', JOB)).toEqual(RESULT);
  expect(await endedResult(linkTo('failed'), ':1.5', JOB)).toEqual(RESULT);
});

it('has none of a job that goes on, or is not there any more', async () => {
  expect(await endedResult(linkTo('waiting'), ':1.5', JOB)).toBeUndefined();
  expect(await endedResult(linkTo('running'), ':1.5', JOB)).toBeUndefined();
  const gone = new BusError('bus_remote_error', 'no such object');
  expect(await endedResult(broken(gone), ':1.5', JOB)).toBeUndefined();
});

it('rejects where nobody answers', async () => {
  const late = new BusError('bus_call_timeout', 'no answer');
  await expect(endedResult(broken(late), ':1.5', JOB)).rejects.toBe(late);
});
