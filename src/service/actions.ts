/** What people may ask of the agent, by the names that polkit knows. Data only. */

/** Last part of polkit's action `org.coreos.zincati.*`; systemd/org.coreos.zincati.policy has them. */
export const ACTIONS = [
  'check',
  'stage',
  'reboot',
  'reboot-over-people',
  'reboot-over-inhibitors',
  'reboot-without-slot',
  'hold',
  'deny',
  'reload',
] as const;
export type Action = (typeof ACTIONS)[number];
export const ACTION_PREFIX = 'org.coreos.zincati.';
