/** The commands of transcripts: what somebody does, what the world does, and how long the node is left to itself. */
import { OVERRIDES } from '../../../src/agent/overrides.ts';
import type { Deployment } from '../../../src/agent/ports.ts';
import type { Wish } from '../../../src/agent/requests.ts';
import { deployment, staged } from '../samples.ts';
import type { Words } from './grammar.ts';
import type { Scene } from './scene.ts';
import type { Knobs } from './world.ts';

type Act = (scene: Scene, words: Words) => void;

export interface Command {
  readonly form: string;
  /** Throws Unfit where the scene does not allow it. */
  readonly act: Act;
  /** What it comes to during an effect; undefined: it happens only between two effects. */
  readonly during: Act | undefined;
}

/** The scene is not as a command needs it. */
export class Unfit extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** It can happen at any moment. */
const anytime = (form: string, act: Act): Command => ({ form, act, during: act });
const between = (form: string, act: Act): Command => ({ form, act, during: undefined });
const turn = (form: string, knobs: (words: Words, scene: Scene) => Partial<Knobs>): Command =>
  anytime(form, (scene, words) => {
    scene.world.knobs = { ...scene.world.knobs, ...knobs(words, scene) };
  });

/** Root asks for it. It cuts a wait short, and what else it may. */
const asking = (form: string, wish: (words: Words, scene: Scene) => Wish): Command => {
  const ask = (scene: Scene, words: Words): void => {
    const { node } = scene;
    scene.requests += 1;
    node.request({ id: `r-${scene.requests}`, by: { uid: 0 }, wish: wish(words, scene) });
  };
  return {
    form,
    act: (scene, words) => {
      scene.node.wake();
      ask(scene, words);
    },
    during: ask,
  };
};

export const COMMANDS: readonly Command[] = [
  // Update servers. Without a stream: that of the booted release.
  anytime('offer VERSION... [stream=STREAM] [built-for=STREAM]', ({ node, world }, words) => {
    const stream = words.maybe('stream') ?? node.booted.stream ?? '';
    for (const version of words.all('VERSION')) {
      world.list(version, stream, words.maybe('built-for') ?? stream, 'offered');
    }
  }),
  anytime('withdraw VERSION', ({ world }, words) => {
    expectListed(world.move(words.one('VERSION'), 'known'), words);
  }),
  anytime('forget VERSION', ({ world }, words) => {
    expectListed(world.move(words.one('VERSION'), 'forgotten'), words);
  }),

  // Who holds a reboot back.
  turn('gate pass', () => ({ gate: { says: 'pass' } })),
  turn('gate block REASON... [until=DURATION]', (words, { node }) => {
    const reason = words.all('REASON').join(' ');
    const until = words.maybe('until') === undefined ? {} : { untilAt: node.at + words.span('until') };
    return { gate: { says: 'block', reason, ...until } };
  }),
  turn('gate unknown KIND', (words) => ({ gate: { says: 'unknown', kind: words.one('KIND') } })),
  turn('gate open DURATION every PERIOD', (words, { node }) => ({
    gate: {
      says: 'windows',
      fromAt: node.at,
      openMs: words.span('DURATION'),
      periodMs: words.span('PERIOD'),
    },
  })),
  turn('lender grant', () => ({ lender: { says: 'grant' } })),
  turn('lender refuse REASON...', (words) => ({
    lender: { says: 'refuse', reason: words.all('REASON').join(' ') },
  })),
  turn('lender down', () => ({ lender: { says: 'nothing' } })),
  turn('people none', () => ({ people: [] })),
  turn('people unknown', () => ({ people: undefined })),
  turn('people PERSON...', (words) => ({
    people: words.all('PERSON').map((person) => {
      const [user = '', tty = ''] = person.split('@');
      return { user, tty };
    }),
  })),

  // What goes wrong, and how long things take.
  anytime('fail FAILABLE KIND [times=COUNT]', ({ world }, words) => {
    const times = Number(words.maybe('times') ?? Number.POSITIVE_INFINITY);
    world.fail(words.failable(), words.one('KIND'), times);
  }),
  anytime('mend FAILABLE', ({ world }, words) => {
    world.mend(words.failable());
  }),
  anytime('takes EFFECT DURATION', ({ world }, words) => {
    world.takesMs.set(words.effect(), words.span('DURATION'));
  }),
  turn('reboot never', () => ({ rebootComes: false })),
  turn('reboot comes', () => ({ rebootComes: true })),
  turn('shutdown fails', () => ({ shutdownWorks: false })),
  turn('shutdown works', () => ({ shutdownWorks: true })),

  // What somebody does on the host.
  anytime('admin unlock', ({ node }) => {
    const unlocked = { ...expectStaged(node.staged), finalizationLocked: false };
    node.deployments = node.deployments.map((other) => (other.staged ? unlocked : other));
  }),
  anytime('admin unstage', ({ node }) => {
    expectStaged(node.staged);
    node.deployments = node.deployments.filter((other) => !other.staged);
  }),
  anytime('admin stage VERSION', ({ node }, words) => {
    const { stream } = node.booted;
    const foreign = staged(words.one('VERSION'), { stream, finalizationLocked: false });
    node.deployments = [foreign, ...node.deployments.filter((other) => !other.staged)];
  }),
  anytime('admin clean up', ({ node }) => {
    node.deployments = node.deployments.filter(({ booted, staged: isStaged }) => booted || isStaged);
  }),
  between('admin roll back', ({ node }) => {
    const { booted } = node;
    const other = node.deployments.find((candidate) => !candidate.booted && !candidate.staged);
    if (other === undefined) {
      throw new Unfit('a deployment to go back to', `${booted.version} alone`);
    }
    node.deployments = [
      { ...other, booted: true },
      { ...booted, booted: false },
    ];
    node.reboot();
  }),
  between('admin boot VERSION [stream=STREAM]', ({ node }, words) => {
    const { booted } = node;
    const stream = words.maybe('stream') ?? booted.stream;
    node.deployments = [
      deployment(words.one('VERSION'), { booted: true, stream }),
      { ...booted, booted: false },
    ];
    node.reboot();
  }),
  between('admin reboot', ({ node }) => {
    node.reboot();
  }),
  anytime('clock SHIFT', ({ node }, words) => {
    node.at += words.span('SHIFT');
  }),

  // What people ask of the agent.
  asking('ask check', () => ({ kind: 'check' })),
  asking('ask stage [to=VERSION]', (words) => {
    const to = words.maybe('to');
    return { kind: 'stage', ignoreRollout: false, ...(to !== undefined && { to }) };
  }),
  asking('ask reboot [override=OVERRIDE]', (words) => {
    const word = words.maybe('override');
    return { kind: 'reboot', overrides: OVERRIDES.filter((override) => override === word) };
  }),
  asking('ask cancel', () => ({ kind: 'cancel' })),
  asking('ask discard', () => ({ kind: 'discard' })),
  asking('ask hold HOLDABLE REASON... [until=DURATION]', (words, { node }) => {
    const until = words.maybe('until') === undefined ? {} : { untilAt: node.at + words.span('until') };
    const what = words.one('HOLDABLE') === 'stage' ? 'stage' : 'reboot';
    return { kind: 'hold', what, reason: words.all('REASON').join(' '), ...until };
  }),
  asking('ask release HOLD', (words) => ({ kind: 'release', hold: words.one('HOLD') })),
  asking('ask deny VERSION', (words) => ({ kind: 'deny', release: words.one('VERSION'), reason: '' })),
  asking('ask allow VERSION', (words) => ({ kind: 'allow', release: words.one('VERSION') })),

  // What becomes of the agent.
  {
    form: 'reload SETTING...',
    act: (scene, words) => {
      scene.node.wake();
      reload(scene, words);
    },
    // A new configuration waits for the end of the present effect.
    during: (scene, words) => {
      scene.node.afterwards(() => {
        reload(scene, words);
      });
    },
  },
  {
    form: 'restart',
    act: restart,
    during: (scene) => {
      scene.node.killed = true;
      scene.node.afterwards(() => {
        restart(scene);
      });
    },
  },
  between('run until GOAL', ({ node }, words) => {
    const goal = words.one('GOAL');
    const { reboots } = node;
    const isThere = (): boolean =>
      goal === 'boot' ? node.reboots > reboots : node.effect.kind === goal || node.model.state.name === goal;
    if (!node.runUntil(isThere)) {
      throw new Unfit(`the node to come to ${goal}`, `${node.model.state.name} without end`);
    }
  }),
  between('run DURATION', ({ node }, words) => {
    node.runFor(words.span('DURATION'));
  }),
];

function reload({ node, settings }: Scene, words: Words): void {
  node.reconfigure(settings.with(words.all('SETTING')));
}

function restart(scene: Scene): void {
  scene.say('agent', 'starts again');
  scene.node.restart();
}

function expectStaged(there: Deployment | undefined): Deployment {
  if (there === undefined) {
    throw new Unfit('a staged deployment', 'none');
  }
  return there;
}

function expectListed(found: boolean, words: Words): void {
  if (!found) {
    throw new Unfit('a release that a graph has', words.one('VERSION'));
  }
}
