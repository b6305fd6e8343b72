import { expect, it } from 'vitest';

import type { AgentLink } from '../../../src/cli/agent-link.ts';
import { endedResult } from '../../../src/cli/ended-job.ts';
import { type BusValue, Variant } from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';

const JOB = '/org/coreos/zincati/job/1';
const RESULT = new Map([['text', new Variant('s', 'nothing newer')]]);

/** A link that answers each call with the properties of a job. */
function linkTo(state: string): Pick<AgentLink, 'properties'> {
  const properties = new Map<string, BusValue>([
    ['State', state],
    ['Result', RESULT],
  ]);
  return { properties: () => Promise.resolve(properties) };
}

function broken(error: Error): Pick<AgentLink, 'properties'> {
  return { properties: () => Promise.reject(error) };
}

it('check-shared-after-its-end: has the result of a job that ended before it was asked for', async () => {
  expect(await endedResult(linkTo('done'), JOB)).toEqual(RESULT);
  expect(await endedResult(linkTo('failed'), JOB)).toEqual(RESULT);
});

it('has none of a job that goes on, or is not there any more', async () => {
  expect(await endedResult(linkTo('waiting'), JOB)).toBeUndefined();
  expect(await endedResult(linkTo('running'), JOB)).toBeUndefined();
  const gone = new BusError('bus_remote_error', 'no such object');
  expect(await endedResult(broken(gone), JOB)).toBeUndefined();
});

it('rejects where nobody answers', async () => {
  const late = new BusError('bus_call_timeout', 'no answer');
  await expect(endedResult(broken(late), JOB)).rejects.toBe(late);
});
