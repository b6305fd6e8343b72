/** Errors that callers see. Pure. */
import type { RequestError } from '../agent/requests.ts';
import { ERROR_NAME } from '../dbus/message.ts';
import { BusError } from '../errors.ts';
import { ERROR_PREFIX } from './names.ts';

export function refused(error: RequestError, text: string): BusError {
  return new BusError('bus_remote_error', text, { errorName: `${ERROR_PREFIX}${error}` });
}

export function denied(text: string): BusError {
  return new BusError('bus_remote_error', text, { errorName: ERROR_NAME.accessDenied });
}

/** A password would help. */
export function needsPassword(text: string): BusError {
  return new BusError('bus_remote_error', text, { errorName: ERROR_NAME.interactiveRequired });
}

export function tooMany(text: string): BusError {
  return new BusError('bus_remote_error', text, { errorName: ERROR_NAME.limitsExceeded });
}
