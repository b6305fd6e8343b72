/**
 * Run as a process: calls the agent so many times a second, and prints how many answers came.
 *
 * Arguments: address of the bus, calls a second, milliseconds.
 */
import { connectBus } from '../src/dbus/connect.ts';

const [address = '', perSecondText = '', lengthText = ''] = process.argv.slice(2);
const perSecond = Number(perSecondText);
const lengthMs = Number(lengthText);

const link = await connectBus(address, new AbortController().signal);
const call = {
  destination: 'org.coreos.zincati',
  path: '/org/coreos/zincati',
  interface: 'org.freedesktop.DBus.Properties',
  member: 'GetAll',
  signature: 's',
  body: ['org.coreos.zincati.Agent1'],
} as const;
const startMono = performance.now();
let sent = 0;
let served = 0;
let refused = 0;

async function one(): Promise<void> {
  try {
    await link.call(call);
    served += 1;
  } catch {
    refused += 1;
  }
}

const timer = setInterval(() => {
  const passedMs = performance.now() - startMono;
  if (passedMs >= lengthMs) {
    clearInterval(timer);
    void link.close().then(() => process.stdout.write(`sent=${sent} served=${served} refused=${refused}\n`));
    return;
  }
  for (const due = (passedMs / 1000) * perSecond; sent < due; sent += 1) {
    void one();
  }
}, 1);
