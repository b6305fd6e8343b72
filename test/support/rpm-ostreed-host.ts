/** The stand-in for rpm-ostree's daemon as a service of a booted host, with its bus policy and its deployments. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { prepareHost, type HostOptions } from '../../sandbox/stand-in.ts';

const NAME = 'org.projectatomic.rpmostree1';
const PROGRAM = '/usr/local/libexec/rpm-ostreed';

const POLICY = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <policy user="root"><allow own="${NAME}"/></policy>
  <policy context="default"><allow send_destination="${NAME}"/></policy>
</busconfig>
`;
const ACTIVATION = `[D-BUS Service]
Name=${NAME}
Exec=/bin/false
User=root
SystemdService=rpm-ostreed.service
`;
const SERVICE = `[Service]
Type=dbus
BusName=${NAME}
Environment=STAND_IN_ROOT=/ DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
ExecStart=${PROGRAM}
`;

/** Files for `BootedHost.boot`. */
export function rpmOstreedFiles(host: HostOptions): Record<string, string> {
  const root = mkdtempSync(join(tmpdir(), 'deployments-'));
  try {
    prepareHost(root, host);
    const state = join(root, 'var/lib/stand-in');
    return {
      [PROGRAM]: sandboxFile('rpm-ostreed.py'),
      [join(dirname(PROGRAM), 'rpmostree_dbus.py')]: sandboxFile('rpmostree_dbus.py'),
      [`/etc/dbus-1/system.d/${NAME}.conf`]: POLICY,
      [`/usr/share/dbus-1/system-services/${NAME}.service`]: ACTIVATION,
      '/etc/systemd/system/rpm-ostreed.service': SERVICE,
      '/ostree/deploy/.keep': '',
      ...Object.fromEntries(
        readdirSync(state).map((name) => [
          `/var/lib/stand-in/${name}`,
          readFileSync(join(state, name), 'utf8'),
        ]),
      ),
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function sandboxFile(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../sandbox', name), 'utf8');
}
