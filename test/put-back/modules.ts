/** The modules in which faults replace an export, with their types. A test compares path and import. */
import type * as absentService from '../../src/host/absent-service.ts';
import type * as bootState from '../../src/host/boot-state.ts';
import type * as datagramSender from '../../src/host/datagram-sender.ts';
import type * as attributes from '../../src/config/attributes.ts';
import type * as sshTerminals from '../../src/host/ssh-terminals.ts';
import type * as historyFirst from '../../src/history/history-first.ts';
import type * as identity from '../../src/identity/identity.ts';
import type * as giveBackMeanwhile from '../../src/daemon/give-back-meanwhile.ts';
import type * as awaitConfiguration from '../../src/daemon/await-configuration.ts';
import type * as calendar from '../../src/calendar/calendar.ts';
import type * as checker from '../../src/config/checker.ts';
import type * as afterLender from '../../src/agent/states/staged/after-lender.ts';
import type * as messages from '../../src/agent/messages.ts';
import type * as lock from '../../src/fleet/search/lock.ts';
import type * as fleetHtml from '../../fleet/html.ts';
import type * as lockdPage from '../../fleet/lockd/page.ts';
import type * as instantOption from '../../fleet/instant-option.ts';
import type * as lockdHttp from '../../fleet/lockd/http-app.ts';
import type * as lockdDecide from '../../src/lockd/decide.ts';
import type * as lockdLostNode from '../../src/lockd/lost-node.ts';
import type * as lockdSemaphore from '../../src/lockd/semaphore.ts';
import type * as lockdWaitingLine from '../../src/lockd/waiting-line.ts';
import type * as rebooting from '../../src/agent/rebooting.ts';
import type * as reconfigure from '../../src/agent/reconfigure.ts';
import type * as taking from '../../src/agent/taking.ts';
import type * as pending from '../../src/agent/pending.ts';
import type * as adminLists from '../../src/agent/admin-lists.ts';
import type * as cutShort from '../../src/agent/cut-short.ts';
import type * as requestEnds from '../../src/agent/request-ends.ts';
import type * as requestOutcomes from '../../src/agent/request-outcomes.ts';
import type * as cutOff from '../../src/history/cut-off.ts';
import type * as releaseGates from '../../src/why/release-gates.ts';
import type * as requested from '../../src/agent/requested.ts';
import type * as pressing from '../../src/agent/pressing.ts';
import type * as checking from '../../src/agent/checking.ts';
import type * as denylist from '../../src/agent/denylist.ts';
import type * as checks from '../../src/config/checks.ts';
import type * as deployment from '../../src/rpmostree/deployment.ts';
import type * as exitCodes from '../../src/cli/exit-codes.ts';
import type * as fleetLock from '../../src/lenders/fleet-lock.ts';
import type * as grace from '../../src/agent/grace.ts';
import type * as httpClient from '../../src/http/http-client.ts';
import type * as imageReference from '../../src/rpmostree/image-reference.ts';
import type * as imageName from '../../src/text/image-name.ts';
import type * as logLines from '../../src/report/log-lines.ts';
import type * as exposedFiles from '../../src/config/exposed-files.ts';
import type * as fillAttributes from '../../src/config/fill-attributes.ts';
import type * as ignoredEntry from '../../src/config/ignored-entry.ts';
import type * as initialized from '../../src/agent/states/initialized.ts';
import type * as installation from '../../src/history/installation.ts';
import type * as joinReports from '../../src/agent/join-reports.ts';
import type * as keepListening from '../../src/metrics/keep-listening.ts';
import type * as loadSettings from '../../src/config/load-settings.ts';
import type * as moment from '../../src/agent/moment.ts';
import type * as motd from '../../src/host/motd.ts';
import type * as notice from '../../src/host/notice.ts';
import type * as polling from '../../src/agent/states/polling.ts';
import type * as pursuit from '../../src/agent/pursuit.ts';
import type * as readiness from '../../src/daemon/readiness.ts';
import type * as beside from '../../src/agent/beside.ts';
import type * as takenUp from '../../src/agent/taken-up.ts';
import type * as record from '../../src/agent/record.ts';
import type * as remember from '../../src/agent/remember.ts';
import type * as rest from '../../src/agent/rest.ts';
import type * as schema from '../../src/config/schema.ts';
import type * as readGraph from '../../src/cincinnati/review/read-graph.ts';
import type * as rollout from '../../src/cincinnati/policy/rollout.ts';
import type * as selectUpdate from '../../src/cincinnati/graph/select-update.ts';
import type * as sessions from '../../src/host/sessions.ts';
import type * as stagedCondition from '../../src/agent/states/staged-condition.ts';
import type * as startState from '../../src/agent/states/start-state.ts';
import type * as state from '../../src/agent/state.ts';
import type * as transaction from '../../src/rpmostree/transaction.ts';
import type * as unixListener from '../../src/metrics/unix-listener.ts';
import type * as stepAfter from '../../src/agent/states/staged/step-after.ts';
import type * as owingSlot from '../../src/agent/states/staged/owing-slot.ts';
import type * as postpone from '../../src/agent/states/staged/postpone.ts';
import type * as asking from '../../src/agent/states/staged/asking.ts';
import type * as compared from '../../src/agent/states/staged/compared.ts';
import type * as afterAnswer from '../../src/agent/states/staged/after-answer.ts';
import type * as afterRefusal from '../../src/agent/states/staged/after-refusal.ts';
import type * as selected from '../../src/agent/states/available/selected.ts';
import type * as afterStaging from '../../src/agent/states/available/after-staging.ts';
import type * as updateFinalized from '../../src/agent/states/update-finalized.ts';
import type * as updateStaged from '../../src/agent/states/update-staged.ts';
import type * as lockAnswer from '../../src/lenders/lock-answer.ts';
import type * as perform from '../../src/agent/perform.ts';
import type * as slots from '../../src/agent/slots.ts';
import type * as statusText from '../../src/report/status-text.ts';
import type * as jsonWalk from '../../src/text/json-walk.ts';
import type * as boundedJson from '../../src/text/bounded-json.ts';
import type * as continueFilter from '../../src/http/continue-filter.ts';
import type * as crashCount from '../../src/history/crash-count.ts';
import type * as dropInEntries from '../../src/config/drop-in-entries.ts';
import type * as dropIns from '../../src/config/drop-ins.ts';
import type * as errorDocument from '../../src/http/error-document.ts';
import type * as folderLock from '../../src/history/folder-lock.ts';
import type * as frames from '../../src/dbus/frames.ts';
import type * as firstPass from '../../src/gates/first-pass.ts';
import type * as timing from '../../src/gates/timing.ts';
import type * as splay from '../../src/strategies/splay.ts';
import type * as periodicSchedule from '../../src/strategies/periodic-schedule.ts';
import type * as agentText from '../../src/cli/agent-text.ts';
import type * as nextStep from '../../src/cli/next-step.ts';
import type * as whyText from '../../src/cli/why-text.ts';
import type * as checkSettings from '../../src/config/check-settings.ts';
import type * as endedJob from '../../src/cli/ended-job.ts';
import type * as explain from '../../src/why/explain.ts';
import type * as people from '../../src/why/people.ts';
import type * as nextLook from '../../src/why/next-look.ts';
import type * as graph from '../../src/cincinnati/graph/graph.ts';
import type * as processUser from '../../src/host/process-user.ts';
import type * as recordStore from '../../src/history/record-store.ts';
import type * as shownAddress from '../../src/text/shown-address.ts';
import type * as tomlShape from '../../src/config/toml-shape.ts';
import type * as backToPolling from '../../src/agent/states/back-to-polling.ts';
import type * as client from '../../src/rpmostree/client.ts';
import type * as health from '../../src/agent/health.ts';
import type * as progress from '../../src/rpmostree/progress.ts';
import type * as sameStaged from '../../src/agent/same-staged.ts';
import type * as endState from '../../src/agent/states/end-state.ts';
import type * as door from '../../src/service/door.ts';
import type * as expiry from '../../src/service/expiry.ts';
import type * as knownActions from '../../src/service/known-actions.ts';
import type * as polkit from '../../src/service/polkit.ts';
import type * as properties from '../../src/dbus/properties.ts';
import type * as experimental from '../../src/service/experimental.ts';
import type * as shownPath from '../../src/text/shown-path.ts';
import type * as accessRemedy from '../../src/files/access-remedy.ts';
import type * as earlyHangup from '../../src/cli/early-hangup.ts';
import type * as nodeUuid from '../../src/identity/node-uuid.ts';
import type * as daemonConfiguration from '../../src/daemon/configuration.ts';
import type * as errors from '../../src/errors.ts';
import type * as agentSurface from '../../src/daemon/agent-surface.ts';
import type * as ascii from '../../scripts/ascii.mjs';
import type * as encode from '../../src/service/encode.ts';
import type * as givenOptions from '../../src/cli/given-options.ts';
import type * as injectedFaults from '../../sandbox/injected-faults.ts';
import type * as lastWords from '../../src/history/last-words.ts';
import type * as redrawn from '../../src/cli/redrawn.ts';
import type * as standardStreams from '../../src/cli/standard-streams.ts';
import type * as afterLastLook from '../../src/agent/states/staged/after-last-look.ts';
import type * as baseUrl from '../../src/http/base-url.ts';
import type * as maintenanceWindows from '../../src/config/maintenance-windows.ts';
import type * as counting from '../../src/report/counting.ts';
import type * as progressText from '../../src/cli/progress-text.ts';
import type * as lineBytes from '../../src/http/line-bytes.ts';
import type * as untilGone from '../../src/files/until-gone.ts';
import type * as claimFolder from '../../src/daemon/claim-folder.ts';
import type * as crashGuard from '../../src/daemon/crash-guard.ts';
import type * as stagedLock from '../../src/rpmostree/staged-lock.ts';
import type * as statusReader from '../../src/rpmostree/status-reader.ts';

export interface Modules {
  readonly 'src/config/toml-shape.ts': typeof tomlShape;
  readonly 'src/text/shown-address.ts': typeof shownAddress;
  readonly 'src/history/record-store.ts': typeof recordStore;
  readonly 'src/host/process-user.ts': typeof processUser;
  readonly 'src/gates/first-pass.ts': typeof firstPass;
  readonly 'src/gates/timing.ts': typeof timing;
  readonly 'src/strategies/splay.ts': typeof splay;
  readonly 'src/strategies/periodic-schedule.ts': typeof periodicSchedule;
  readonly 'src/cli/agent-text.ts': typeof agentText;
  readonly 'src/cli/next-step.ts': typeof nextStep;
  readonly 'src/cli/why-text.ts': typeof whyText;
  readonly 'src/config/check-settings.ts': typeof checkSettings;
  readonly 'src/cli/ended-job.ts': typeof endedJob;
  readonly 'src/why/explain.ts': typeof explain;
  readonly 'src/why/people.ts': typeof people;
  readonly 'src/why/next-look.ts': typeof nextLook;
  readonly 'src/cincinnati/graph/graph.ts': typeof graph;
  readonly 'src/dbus/frames.ts': typeof frames;
  readonly 'src/history/folder-lock.ts': typeof folderLock;
  readonly 'src/http/error-document.ts': typeof errorDocument;
  readonly 'src/config/drop-in-entries.ts': typeof dropInEntries;
  readonly 'src/config/drop-ins.ts': typeof dropIns;
  readonly 'src/history/crash-count.ts': typeof crashCount;
  readonly 'src/http/continue-filter.ts': typeof continueFilter;
  readonly 'src/text/bounded-json.ts': typeof boundedJson;
  readonly 'src/text/json-walk.ts': typeof jsonWalk;
  readonly 'src/lenders/lock-answer.ts': typeof lockAnswer;
  readonly 'src/agent/states/staged/after-lender.ts': typeof afterLender;
  readonly 'src/agent/messages.ts': typeof messages;
  readonly 'src/fleet/search/lock.ts': typeof lock;
  readonly 'fleet/html.ts': typeof fleetHtml;
  readonly 'fleet/lockd/page.ts': typeof lockdPage;
  readonly 'fleet/instant-option.ts': typeof instantOption;
  readonly 'fleet/lockd/http-app.ts': typeof lockdHttp;
  readonly 'src/lockd/decide.ts': typeof lockdDecide;
  readonly 'src/lockd/lost-node.ts': typeof lockdLostNode;
  readonly 'src/lockd/semaphore.ts': typeof lockdSemaphore;
  readonly 'src/lockd/waiting-line.ts': typeof lockdWaitingLine;
  readonly 'src/agent/rebooting.ts': typeof rebooting;
  readonly 'src/agent/reconfigure.ts': typeof reconfigure;
  readonly 'src/agent/taking.ts': typeof taking;
  readonly 'src/agent/pending.ts': typeof pending;
  readonly 'src/agent/admin-lists.ts': typeof adminLists;
  readonly 'src/agent/cut-short.ts': typeof cutShort;
  readonly 'src/agent/request-ends.ts': typeof requestEnds;
  readonly 'src/agent/request-outcomes.ts': typeof requestOutcomes;
  readonly 'src/history/cut-off.ts': typeof cutOff;
  readonly 'src/why/release-gates.ts': typeof releaseGates;
  readonly 'src/agent/requested.ts': typeof requested;
  readonly 'src/agent/pressing.ts': typeof pressing;
  readonly 'src/agent/perform.ts': typeof perform;
  readonly 'src/agent/slots.ts': typeof slots;
  readonly 'src/report/status-text.ts': typeof statusText;
  readonly 'src/agent/states/staged/step-after.ts': typeof stepAfter;
  readonly 'src/agent/states/staged/owing-slot.ts': typeof owingSlot;
  readonly 'src/agent/states/staged/postpone.ts': typeof postpone;
  readonly 'src/agent/states/staged/asking.ts': typeof asking;
  readonly 'src/agent/states/staged/compared.ts': typeof compared;
  readonly 'src/agent/states/staged/after-answer.ts': typeof afterAnswer;
  readonly 'src/agent/states/staged/after-refusal.ts': typeof afterRefusal;
  readonly 'src/agent/states/available/selected.ts': typeof selected;
  readonly 'src/agent/states/available/after-staging.ts': typeof afterStaging;
  readonly 'src/agent/pursuit.ts': typeof pursuit;
  readonly 'src/agent/moment.ts': typeof moment;
  readonly 'src/history/installation.ts': typeof installation;

  readonly 'src/agent/checking.ts': typeof checking;
  readonly 'src/agent/denylist.ts': typeof denylist;
  readonly 'src/agent/grace.ts': typeof grace;
  readonly 'src/agent/join-reports.ts': typeof joinReports;
  readonly 'src/agent/beside.ts': typeof beside;
  readonly 'src/agent/taken-up.ts': typeof takenUp;
  readonly 'src/agent/record.ts': typeof record;
  readonly 'src/agent/remember.ts': typeof remember;
  readonly 'src/agent/rest.ts': typeof rest;
  readonly 'src/agent/state.ts': typeof state;
  readonly 'src/agent/states/initialized.ts': typeof initialized;
  readonly 'src/agent/states/polling.ts': typeof polling;
  readonly 'src/agent/states/staged-condition.ts': typeof stagedCondition;
  readonly 'src/agent/states/start-state.ts': typeof startState;
  readonly 'src/agent/states/update-finalized.ts': typeof updateFinalized;
  readonly 'src/agent/states/update-staged.ts': typeof updateStaged;
  readonly 'src/calendar/calendar.ts': typeof calendar;
  readonly 'src/cincinnati/graph/select-update.ts': typeof selectUpdate;
  readonly 'src/cincinnati/policy/rollout.ts': typeof rollout;
  readonly 'src/cincinnati/review/read-graph.ts': typeof readGraph;
  readonly 'src/cli/exit-codes.ts': typeof exitCodes;
  readonly 'src/config/attributes.ts': typeof attributes;
  readonly 'src/config/exposed-files.ts': typeof exposedFiles;
  readonly 'src/config/fill-attributes.ts': typeof fillAttributes;
  readonly 'src/config/checker.ts': typeof checker;
  readonly 'src/config/checks.ts': typeof checks;
  readonly 'src/report/log-lines.ts': typeof logLines;
  readonly 'src/text/image-name.ts': typeof imageName;
  readonly 'src/config/ignored-entry.ts': typeof ignoredEntry;
  readonly 'src/config/load-settings.ts': typeof loadSettings;
  readonly 'src/config/schema.ts': typeof schema;
  readonly 'src/host/absent-service.ts': typeof absentService;
  readonly 'src/host/boot-state.ts': typeof bootState;
  readonly 'src/host/ssh-terminals.ts': typeof sshTerminals;
  readonly 'src/history/history-first.ts': typeof historyFirst;
  readonly 'src/identity/identity.ts': typeof identity;
  readonly 'src/daemon/give-back-meanwhile.ts': typeof giveBackMeanwhile;
  readonly 'src/host/datagram-sender.ts': typeof datagramSender;
  readonly 'src/daemon/await-configuration.ts': typeof awaitConfiguration;
  readonly 'src/daemon/readiness.ts': typeof readiness;
  readonly 'src/host/motd.ts': typeof motd;
  readonly 'src/host/notice.ts': typeof notice;
  readonly 'src/host/sessions.ts': typeof sessions;
  readonly 'src/http/http-client.ts': typeof httpClient;
  readonly 'src/lenders/fleet-lock.ts': typeof fleetLock;
  readonly 'src/metrics/keep-listening.ts': typeof keepListening;
  readonly 'src/metrics/unix-listener.ts': typeof unixListener;
  readonly 'src/rpmostree/deployment.ts': typeof deployment;
  readonly 'src/rpmostree/transaction.ts': typeof transaction;
  readonly 'src/agent/states/back-to-polling.ts': typeof backToPolling;
  readonly 'src/rpmostree/client.ts': typeof client;
  readonly 'src/rpmostree/image-reference.ts': typeof imageReference;
  readonly 'src/agent/health.ts': typeof health;
  readonly 'src/rpmostree/progress.ts': typeof progress;
  readonly 'src/agent/same-staged.ts': typeof sameStaged;
  readonly 'src/agent/states/end-state.ts': typeof endState;
  readonly 'src/dbus/properties.ts': typeof properties;
  readonly 'src/service/door.ts': typeof door;
  readonly 'src/service/expiry.ts': typeof expiry;
  readonly 'src/service/known-actions.ts': typeof knownActions;
  readonly 'src/service/polkit.ts': typeof polkit;
  readonly 'src/service/experimental.ts': typeof experimental;
  readonly 'src/text/shown-path.ts': typeof shownPath;
  readonly 'src/files/access-remedy.ts': typeof accessRemedy;
  readonly 'src/cli/early-hangup.ts': typeof earlyHangup;
  readonly 'src/identity/node-uuid.ts': typeof nodeUuid;
  readonly 'src/daemon/configuration.ts': typeof daemonConfiguration;
  readonly 'src/errors.ts': typeof errors;
  readonly 'src/files/until-gone.ts': typeof untilGone;
  readonly 'src/daemon/claim-folder.ts': typeof claimFolder;
  readonly 'src/daemon/crash-guard.ts': typeof crashGuard;
  readonly 'src/rpmostree/staged-lock.ts': typeof stagedLock;
  readonly 'src/daemon/agent-surface.ts': typeof agentSurface;
  readonly 'scripts/ascii.mjs': typeof ascii;
  readonly 'src/service/encode.ts': typeof encode;
  readonly 'src/cli/given-options.ts': typeof givenOptions;
  readonly 'sandbox/injected-faults.ts': typeof injectedFaults;
  readonly 'src/history/last-words.ts': typeof lastWords;
  readonly 'src/cli/redrawn.ts': typeof redrawn;
  readonly 'src/cli/standard-streams.ts': typeof standardStreams;
  readonly 'src/agent/states/staged/after-last-look.ts': typeof afterLastLook;
  readonly 'src/http/base-url.ts': typeof baseUrl;
  readonly 'src/config/maintenance-windows.ts': typeof maintenanceWindows;
  readonly 'src/report/counting.ts': typeof counting;
  readonly 'src/cli/progress-text.ts': typeof progressText;
  readonly 'src/http/line-bytes.ts': typeof lineBytes;
  readonly 'src/rpmostree/status-reader.ts': typeof statusReader;
}

/** `f`, or `Class.method`. */
export type ExportName<M> = (keyof M & string) | MethodName<M>;

type MethodName<M> = {
  [C in keyof M & string]: M[C] extends Callable
    ? never
    : M[C] extends { readonly prototype: infer I }
      ? `${C}.${keyof I & string}`
      : never;
}[keyof M & string];

type Callable = (...args: never) => unknown;

/** What the name stands for. */
export type Original<M, N extends ExportName<M>> = N extends keyof M
  ? M[N]
  : N extends `${infer C extends keyof M & string}.${infer K}`
    ? M[C] extends { readonly prototype: infer I }
      ? Method<I, K>
      : never
    : never;

type Method<I, K> = K extends keyof I
  ? I[K] extends (...args: infer A) => infer R
    ? (this: I, ...args: A) => R
    : never
  : never;

/** What may take its place: the same type, but any number for a number, any text for a text. */
export type Substitute<M, N extends ExportName<M>> = Widened<Original<M, N>>;

type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends Callable
        ? T
        : T extends object
          ? { [K in keyof T]: Widened<T[K]> }
          : T;
