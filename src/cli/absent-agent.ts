/**
 * What systemd knows of an agent that is not on the bus, and what to do. Reads alone: no unit is loaded or started.
 */
import { getAllProperties } from '../dbus/calls.ts';
import { connectBus } from '../dbus/connect.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';
import type { BusLink, BusValue } from '../dbus/types.ts';
import { BusError, messageOf } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { Dictionary } from './dictionary.ts';
import { EXIT } from './exit-codes.ts';

const SYSTEMD = 'org.freedesktop.systemd1';
const MANAGER = { destination: SYSTEMD, path: '/org/freedesktop/systemd1', timeoutMs: 5 * SECOND_MS };
export const UNIT = 'zincati.service';

/** As systemd words it; undefined: it does not say. */
export interface UnitFacts {
  readonly activeState: string | undefined;
  readonly subState: string | undefined;
  /** `success`, `exit-code`, `signal`, `watchdog` and so on. */
  readonly result: string | undefined;
  readonly execMainStatus: number | undefined;
  readonly statusText: string | undefined;
  /** `enabled`, `disabled`, `masked` and so on. */
  readonly fileState: string | undefined;
  /** Why systemd cannot be asked. */
  readonly trouble: string | undefined;
}

export interface Absence {
  /** A sentence without its full stop. */
  readonly text: string;
  /** What to do, in the same form. */
  readonly todo: string;
}

const NOTHING: UnitFacts = {
  activeState: undefined,
  subState: undefined,
  result: undefined,
  execMainStatus: undefined,
  statusText: undefined,
  fileState: undefined,
  trouble: undefined,
};

/** Never rejects. */
export async function unitFacts(root: string): Promise<UnitFacts> {
  let link: BusLink | undefined;
  try {
    const signal = AbortSignal.timeout(MANAGER.timeoutMs);
    link = await connectBus(systemBusAddress(root, process.env), signal);
    return { ...NOTHING, ...(await loaded(link)), fileState: await fileState(link) };
  } catch (error) {
    return { ...NOTHING, trouble: messageOf(error) };
  } finally {
    await link?.close();
  }
}

/** Undefined: systemd has not loaded the unit. */
async function loaded(link: BusLink): Promise<Partial<UnitFacts>> {
  let path: BusValue | undefined;
  try {
    const call = { ...MANAGER, interface: `${SYSTEMD}.Manager`, member: 'GetUnit' };
    [path] = (await link.call({ ...call, signature: 's', body: [UNIT] })).body;
  } catch (error) {
    if (error instanceof BusError && error.errorName === `${SYSTEMD}.NoSuchUnit`) {
      return {};
    }
    throw error;
  }
  if (typeof path !== 'string') {
    return {};
  }
  const source = { ...MANAGER, path };
  const [unit, service] = await Promise.all(
    ['Unit', 'Service'].map(async (name) =>
      Dictionary.of(await getAllProperties(link, { ...source, interface: `${SYSTEMD}.${name}` })),
    ),
  );
  return {
    activeState: unit?.text('ActiveState'),
    subState: unit?.text('SubState'),
    result: service?.text('Result'),
    execMainStatus: service?.number('ExecMainStatus'),
    statusText: service?.text('StatusText') === '' ? undefined : service?.text('StatusText'),
  };
}

async function fileState(link: BusLink): Promise<string | undefined> {
  try {
    const call = { ...MANAGER, interface: `${SYSTEMD}.Manager`, member: 'GetUnitFileState' };
    const [state] = (await link.call({ ...call, signature: 's', body: [UNIT] })).body;
    return typeof state === 'string' ? state : undefined;
  } catch {
    // There is no such file, or systemd does not tell.
    return undefined;
  }
}

const JOURNAL = 'journalctl -u zincati.service -b';

/** In words. Pure. */
export function describeAbsence(unit: UnitFacts): Absence {
  const { activeState, subState, result, execMainStatus, statusText, fileState: file, trouble } = unit;
  if (trouble !== undefined) {
    return {
      text: `the agent cannot be reached, and neither can systemd: ${trouble}`,
      todo: 'systemctl status zincati.service',
    };
  }
  const ended =
    result === undefined || result === 'success'
      ? ''
      : ` (${result}${execMainStatus === undefined || execMainStatus === 0 ? '' : `, status ${execMainStatus}`})`;
  const said = statusText === undefined ? '' : `; its last words: ${statusText}`;
  if (file === 'masked' || file === 'masked-runtime') {
    return {
      text: `the agent does not run: ${UNIT} is masked`,
      todo: `sudo systemctl unmask ${UNIT} && sudo systemctl enable --now ${UNIT}`,
    };
  }
  if (activeState === 'failed') {
    const isSetUp = execMainStatus === EXIT.config;
    return {
      text: `the agent does not run: ${UNIT} failed${ended}${said}`,
      todo: isSetUp
        ? `correct the configuration as \`${JOURNAL} -p err\` says, then \`sudo systemctl restart ${UNIT}\``
        : `\`${JOURNAL}\` says why; then \`sudo systemctl restart ${UNIT}\``,
    };
  }
  if (activeState === 'activating') {
    const again = subState === 'auto-restart' ? 'ended, and is started again soon' : 'is being started';
    return {
      text: `the agent does not run yet: ${UNIT} ${again}${ended}${said}`,
      todo: `\`${JOURNAL}\` has its log`,
    };
  }
  if (activeState === 'active' || activeState === 'reloading') {
    return {
      text: `${UNIT} runs, and is not on the bus${said}`,
      todo: `\`${JOURNAL} -p warning\` says why`,
    };
  }
  if (activeState === 'deactivating') {
    return { text: `the agent is being stopped${said}`, todo: `systemctl status ${UNIT}` };
  }
  if (activeState === undefined && file === undefined) {
    return {
      text: `the agent does not run: this host has no ${UNIT}`,
      todo: 'install the package, or ask systemd: `systemctl status zincati.service`',
    };
  }
  return {
    text: `the agent does not run: ${UNIT} is not started${ended}${file === undefined ? '' : `, and is ${file}`}`,
    todo: `sudo systemctl ${file === 'disabled' ? 'enable --now' : 'start'} ${UNIT}`,
  };
}
