/** Zincati's package as in Fedora: its paths, and what the macros of its scriptlets expand to. */
import type { PackageContents } from './rpm-root.ts';

const UNIT = 'zincati.service';

/** Files that are in the same place in our package. */
export const SHARED_FILES = [
  '/usr/bin/zincati-update-now',
  '/usr/lib/systemd/system/zincati.service',
  '/usr/lib/sysusers.d/50-zincati.conf',
  '/usr/lib/tmpfiles.d/zincati.conf',
  '/usr/lib/zincati/config.d/10-agent.toml',
  '/usr/lib/zincati/config.d/10-auto-updates.toml',
  '/usr/lib/zincati/config.d/10-identity.toml',
  '/usr/lib/zincati/config.d/30-updates-strategy.toml',
  '/usr/lib/zincati/config.d/50-fedora-coreos-cincinnati.toml',
  '/usr/libexec/zincati',
  '/usr/share/dbus-1/system.d/org.coreos.zincati.conf',
  '/usr/share/polkit-1/rules.d/zincati.rules',
] as const;

/** Files that are removed with it. */
export const ZINCATI_FILES = [
  '/usr/share/doc/zincati/README.md',
  '/usr/share/licenses/zincati/LICENSE',
  '/usr/share/polkit-1/actions/org.coreos.zincati.deadend.policy',
] as const;

const SERVICE = `[Unit]
Description=Zincati Update Agent
[Service]
ExecStart=/usr/libexec/zincati agent
[Install]
WantedBy=multi-user.target
`;

const TEXTS: Readonly<Record<string, string>> = {
  '/usr/lib/systemd/system/zincati.service': SERVICE,
  '/usr/lib/sysusers.d/50-zincati.conf': 'u zincati - "Zincati user for auto-updates"\n',
  '/usr/lib/tmpfiles.d/zincati.conf': 'd /run/zincati 0775 zincati zincati - -\n',
  '/usr/share/dbus-1/system.d/org.coreos.zincati.conf':
    "<busconfig><!-- Zincati's /usr/share/dbus-1 --></busconfig>\n",
  '/usr/libexec/zincati': '#!/bin/sh\nexec sleep infinity\n',
  '/usr/bin/zincati-update-now': '#!/bin/sh\n',
};

export const ZINCATI_PACKAGE: PackageContents = {
  head: `Name: zincati
Version: 0.0.32
Requires(post): /bin/sh
%post
[ ! -x /usr/bin/systemctl ] || [ $1 -ne 1 ] || systemctl --no-reload preset ${UNIT} || :
%preun
if [ $1 -eq 0 ] && [ -x /usr/bin/systemctl ]; then
  if [ -d /run/systemd/system ]; then systemctl --no-reload disable --now ${UNIT} || :
  else systemctl --no-reload disable ${UNIT} || :
  fi
fi
%postun
if [ $1 -ge 1 ] && [ -d /run/systemd/system ]; then systemctl try-restart ${UNIT} || :; fi
`,
  files: Object.fromEntries(
    [...SHARED_FILES, ...ZINCATI_FILES].map((path) => [path, TEXTS[path] ?? `# Zincati's ${path}\n`]),
  ),
  folders: [
    '/etc/zincati',
    '/etc/zincati/config.d',
    '/usr/lib/zincati',
    '/usr/lib/zincati/config.d',
    '/usr/share/doc/zincati',
    '/usr/share/licenses/zincati',
  ],
};
