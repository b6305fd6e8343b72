/** Names of what the agent offers on the bus; docs/dbus.md has them too. Constants only. */

export const AGENT_PATH = '/org/coreos/zincati';
export const AGENT_INTERFACE = 'org.coreos.zincati.Agent1';
export const JOB_INTERFACE = 'org.coreos.zincati.Job1';
export const JOB_PATH_PREFIX = '/org/coreos/zincati/job/';
/** Followed by one of REQUEST_ERRORS. */
export const ERROR_PREFIX = 'org.coreos.zincati.Error.';
/** The object and interface of every program that lets `systemctl service-log-level` set its log. */
export const LOG_CONTROL_PATH = '/org/freedesktop/LogControl1';
export const LOG_CONTROL_INTERFACE = 'org.freedesktop.LogControl1';

/** What a job does. */
export const JOB_KINDS = ['check', 'stage', 'reboot'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

export const JOB_STATES = ['waiting', 'running', 'done', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];
