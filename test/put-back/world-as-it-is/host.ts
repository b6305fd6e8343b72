/** Faults of what the agent believes about its host, as buses, an attacker and operators have shown them. */
import { replace, type PutBackFault } from '../fault.ts';

const ABSENT_SERVICE = { project: 'integration', test: 'test/integration/absent-service.test.ts' } as const;

export const HOST_FAULTS: readonly PutBackFault[] = [
  {
    id: 'F3',
    fault: 'a logind that cannot start counts as a host where nobody is logged in',
    changes: [
      replace(
        'src/host/absent-service.ts',
        'isAbsent',
        () => (_link, _service, error) =>
          Promise.resolve(
            error instanceof Error &&
              'errorName' in error &&
              /Error\.(?:NameHasNoOwner|ServiceUnknown)$/.test(String(error.errorName)),
          ),
      ),
    ],
    ...ABSENT_SERVICE,
    named: 'F3: a logind that fails to start',
  },
  {
    id: 'F3-boot',
    fault: 'a boot by a systemd that the bus does not find counts as complete',
    changes: [
      replace(
        'src/host/boot-state.ts',
        'readBootState',
        (original) =>
          (bus, _root, ...others) =>
            original(bus, '/nonexistent', ...others),
      ),
    ],
    ...ABSENT_SERVICE,
    named: 'F3: a boot is complete exactly if systemd has not booted the host',
  },
];
