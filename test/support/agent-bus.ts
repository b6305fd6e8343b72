/** A bus in memory with the agent on it, users who call it, and a polkit. */
import { type Duplex, duplexPair } from 'node:stream';
import { expect } from 'vitest';

import { decodeMessage, encodeMessage } from '../../src/dbus/codec.ts';
import { Framer } from '../../src/dbus/frames.ts';
import { Link } from '../../src/dbus/link.ts';
import { BUS_NAME, BUS_PATH, MESSAGE_TYPE } from '../../src/dbus/message.ts';
import { type BusValue, Variant } from '../../src/dbus/types.ts';
import { agent1, type Agent1 } from '../../src/service/agent1.ts';
import { AGENT_INTERFACE, AGENT_PATH } from '../../src/service/names.ts';
import type { LogLevel } from '../../src/log/log.ts';
import { FakeAgent } from './fake-agent-port.ts';
import { withSender, type Received } from './memory-peer.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

export interface Answered {
  readonly errorName: string | undefined;
  readonly args: readonly BusValue[];
}

export interface AskedPolkit {
  readonly sender: string;
  readonly action: string;
  readonly flags: number;
  readonly id: string;
}

type Verdict = readonly [isAuthorized: boolean, isChallenge: boolean] | 'absent' | 'silent';

export class AgentBus {
  readonly agent = new FakeAgent();
  readonly clock = new VirtualClock();
  readonly uids = new Map<string, number>();
  readonly polkitAsked: AskedPolkit[] = [];
  readonly polkitCancelled: string[] = [];
  readonly signals: Received[] = [];
  readonly faults: unknown[] = [];
  credentialsAsked = 0;
  polkit: (asked: AskedPolkit) => Verdict = () => [false, false];
  /** How questions are answered that are about nobody, but whether polkit knows an action. */
  actionIs: (action: string) => 'known' | 'unregistered' | 'not owned' | 'absent' = () => 'known';
  /** Such questions so far. */
  actionsAsked = 0;
  level: LogLevel = 'info';
  readonly served: Agent1;
  readonly link: Link;
  readonly #until = new AbortController();
  readonly #far: Duplex;
  readonly #waiting = new Map<number, (answer: Answered) => void>();
  #serial = 1000;

  private constructor() {
    const log = {
      level: () => this.level,
      setLevel: (level: LogLevel) => (this.level = level),
      target: 'console' as const,
    };
    this.served = agent1({ port: this.agent, clock: this.clock, log });
    const [near, far] = duplexPair();
    this.#far = far;
    this.link = new Link(near, true, (error) => this.faults.push(error), this.served.guard);
    const framer = new Framer();
    far.on('data', (chunk: Buffer) => {
      framer.push(chunk, (frame) => {
        const message = decodeMessage(frame);
        this.#take({ ...message, args: message.body() });
      });
    });
  }

  static async start(): Promise<AgentBus> {
    const bus = new AgentBus();
    await bus.link.open(new AbortController().signal);
    for (const exported of bus.served.interfaces) {
      bus.link.export(exported);
    }
    await bus.served.attach(bus.link, bus.#until.signal);
    // Its first look at the actions is over, and told.
    for (let turns = 0; bus.signals.length === 0; turns += 1) {
      expect(turns).toBeLessThan(1000);
      await settle();
    }
    bus.signals.length = 0;
    return bus;
  }

  async stop(): Promise<void> {
    this.#until.abort();
    this.served.close();
    await this.link.close();
  }

  /** Calls a method of Agent1, unless `at` says otherwise. */
  call(
    sender: string,
    member: string,
    signature = '',
    body: readonly BusValue[] = [],
    at: { readonly path?: string; readonly interface?: string; readonly flags?: number } = {},
  ): Promise<Answered> {
    this.#serial += 1;
    const { promise, resolve } = Promise.withResolvers<Answered>();
    this.#waiting.set(this.#serial, resolve);
    const call = { path: AGENT_PATH, interface: AGENT_INTERFACE, member, signature, body, ...at };
    this.#far.write(
      withSender(sender, encodeMessage({ type: MESSAGE_TYPE.methodCall, serial: this.#serial, ...call })),
    );
    return promise;
  }

  /** With options alone. */
  act(sender: string, member: string, options: Readonly<Record<string, Variant>> = {}): Promise<Answered> {
    return this.call(sender, member, 'a{sv}', [new Map(Object.entries(options))]);
  }

  async leave(sender: string): Promise<void> {
    this.#send(BUS_NAME, {
      type: MESSAGE_TYPE.signal,
      path: BUS_PATH,
      interface: BUS_NAME,
      member: 'NameOwnerChanged',
      signature: 'sss',
      body: [sender, sender, ''],
    });
    await settle();
  }

  #take(message: Received): void {
    if (message.type === MESSAGE_TYPE.signal) {
      this.signals.push(message);
    } else if (message.type === MESSAGE_TYPE.methodCall) {
      this.#serve(message);
    } else {
      this.#waiting.get(message.replySerial ?? 0)?.({ errorName: message.errorName, args: message.args });
      this.#waiting.delete(message.replySerial ?? 0);
    }
  }

  #serve(call: Received): void {
    const reply = (signature: string, ...body: readonly BusValue[]): void =>
      this.#send(call.destination ?? '', {
        type: MESSAGE_TYPE.methodReturn,
        replySerial: call.serial,
        signature,
        body,
      });
    const fail = (errorName: string): void =>
      this.#send(call.destination ?? '', { type: MESSAGE_TYPE.error, replySerial: call.serial, errorName });
    switch (call.member) {
      case 'Hello':
        reply('s', ':1.0');
        break;
      case 'AddMatch':
        reply('');
        break;
      case 'GetConnectionCredentials': {
        this.credentialsAsked += 1;
        const uid = this.uids.get(textOf(call.args[0]));
        if (uid === undefined) {
          fail('org.freedesktop.DBus.Error.NameHasNoOwner');
        } else {
          reply('a{sv}', new Map([['UnixUserID', new Variant('u', uid)]]));
        }
        break;
      }
      case 'CancelCheckAuthorization':
        this.polkitCancelled.push(textOf(call.args[0]));
        reply('');
        break;
      case 'CheckAuthorization': {
        const [subject, action, , flags, id] = call.args as [
          [string, Map<string, Variant>],
          string,
          unknown,
          number,
          string,
        ];
        if (subject[0] === 'unix-process') {
          this.#answerAction(call, action);
          break;
        }
        const asked = { sender: textOf(subject[1].get('name')?.value), action, flags, id };
        this.polkitAsked.push(asked);
        const verdict = this.polkit(asked);
        if (verdict === 'absent') {
          fail('org.freedesktop.DBus.Error.ServiceUnknown');
        } else if (verdict !== 'silent') {
          reply('(bba{ss})', [...verdict, new Map()]);
        }
        break;
      }
      default:
        fail('org.freedesktop.DBus.Error.UnknownMethod');
    }
  }

  #answerAction(call: Received, action: string): void {
    this.actionsAsked += 1;
    const about = { replySerial: call.serial } as const;
    const error = (errorName: string, text: string): void =>
      this.#send(call.destination ?? '', {
        type: MESSAGE_TYPE.error,
        ...about,
        errorName,
        signature: 's',
        body: [text],
      });
    switch (this.actionIs(action)) {
      case 'known':
        this.#send(call.destination ?? '', {
          type: MESSAGE_TYPE.methodReturn,
          ...about,
          signature: '(bba{ss})',
          body: [[true, false, new Map()]],
        });
        break;
      case 'unregistered':
        error('org.freedesktop.PolicyKit1.Error.Failed', `Action ${action} is not registered`);
        break;
      case 'not owned':
        error('org.freedesktop.PolicyKit1.Error.NotAuthorized', 'Only trusted callers');
        break;
      case 'absent':
        error('org.freedesktop.DBus.Error.ServiceUnknown', 'nobody');
    }
  }

  /** As polkit tells that its actions or rules have changed, whoever says so. */
  async polkitChanged(sender = ':1.77'): Promise<void> {
    this.#send(sender, {
      type: MESSAGE_TYPE.signal,
      path: '/org/freedesktop/PolicyKit1/Authority',
      interface: 'org.freedesktop.PolicyKit1.Authority',
      member: 'Changed',
    });
    await settle();
  }

  #send(sender: string, message: Omit<Parameters<typeof encodeMessage>[0], 'serial'>): void {
    this.#serial += 1;
    this.#far.write(withSender(sender, encodeMessage({ ...message, serial: this.#serial })));
  }
}

function textOf(value: BusValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
