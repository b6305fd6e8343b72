/**
 * A process started by the service manager. It sends every kind of notification, then prints its environment.
 */
import { createNotifier } from '../../src/host/notify.ts';

const notifier = await createNotifier(process.env, process.pid, (text) => process.stderr.write(`${text}\n`));
notifier.ready('initialization complete');
notifier.status('periodically polling');
notifier.alive();
const passed = Object.keys(process.env).filter((name) => /^(NOTIFY_SOCKET|LISTEN_)/.test(name));
notifier.status(`left: ${passed.join(',')}`);
notifier.stopping();
await notifier.close();
