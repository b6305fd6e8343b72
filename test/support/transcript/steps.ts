/** From a line of a transcript to something that can be run, and that knows its place when it cannot. */
import { messageOf } from '../../../src/errors.ts';
import { deployment } from '../samples.ts';
import { COMMANDS, Unfit } from './commands.ts';
import { TranscriptFault, type Place } from './fault.ts';
import { readCommand, type Words } from './grammar.ts';
import { Scene } from './scene.ts';
import { RefusedSetting, Settings } from './settings.ts';

export interface Step {
  /** The forms that it is written in: its own, and that of a command within it. */
  readonly forms: readonly string[];
  /** The scene that goes on. Throws TranscriptFault where the scene does not allow the command. */
  run(scene: Scene | undefined): Scene;
}

/** Opens the scene. The node is at its very start, on a graph that has its release alone. */
const NODE = { form: 'node VERSION [stream=STREAM] [SETTING...]' };
/** Once, while an effect of that kind is performed. */
const DURING = { form: 'during EFFECT: COMMAND...' };
/** For what other transcripts tell. */
const QUIETLY = { form: 'quietly COMMAND...' };

export const FORMS: readonly string[] = [NODE, ...COMMANDS, DURING, QUIETLY].map(({ form }) => form);

/** Throws TranscriptFault. */
export function readStep(text: string, place: Place): Step {
  if (text.startsWith('node ')) {
    const { words } = readCommand(text, [NODE], place);
    return { forms: [NODE.form], run: (scene) => opened(scene, words, place) };
  }
  if (text.startsWith('during ')) {
    return duringStep(readCommand(text, [DURING], place).words, place);
  }
  if (text.startsWith('quietly ')) {
    return quietStep(readCommand(text, [QUIETLY], place).words, place);
  }
  const { form, words } = readCommand(text, COMMANDS, place, FORMS);
  return stepOf(place, [form.form], (scene) => {
    form.act(scene, words);
  });
}

function duringStep(words: Words, place: Place): Step {
  const inner = innerCommand(words, place);
  const { during } = inner.form;
  if (during === undefined) {
    const could = COMMANDS.filter((command) => command.during !== undefined).map(({ form }) => form);
    throw new TranscriptFault(
      place,
      `what can happen during an effect (${could.join(', ')})`,
      JSON.stringify(words.all('COMMAND').join(' ')),
    );
  }
  return stepOf(place, [DURING.form, inner.form.form], (scene) => {
    const act = (): void => {
      guarded(place, () => {
        during(scene, inner.words);
      });
    };
    scene.during({ kind: words.effect(), place, act });
  });
}

function quietStep(words: Words, place: Place): Step {
  const inner = innerCommand(words, place);
  return stepOf(place, [QUIETLY.form, inner.form.form], (scene) => {
    scene.quietly(() => {
      inner.form.act(scene, inner.words);
    });
  });
}

function innerCommand(words: Words, place: Place) {
  return readCommand(words.all('COMMAND').join(' '), COMMANDS, place);
}

function stepOf(place: Place, forms: readonly string[], act: (scene: Scene) => void): Step {
  return {
    forms,
    run: (scene) => {
      if (scene === undefined) {
        throw new TranscriptFault(place, `"${NODE.form}" before any other command`, 'none');
      }
      guarded(place, () => {
        act(scene);
      });
      return scene;
    },
  };
}

function opened(scene: Scene | undefined, words: Words, place: Place): Scene {
  if (scene !== undefined) {
    throw new TranscriptFault(place, 'one node in a transcript', 'a second one');
  }
  return guarded(place, () => {
    const version = words.one('VERSION');
    const stream = words.maybe('stream') ?? 'stable';
    const booted = deployment(version, { booted: true, stream });
    const next = new Scene(new Settings(), words.all('SETTING'), booted);
    next.world.list(version, stream, stream, 'known');
    return next;
  });
}

/** Says where in the file it was. */
function guarded<T>(place: Place, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof Unfit) {
      throw new TranscriptFault(place, error.expected, error.got);
    }
    if (error instanceof RefusedSetting) {
      throw new TranscriptFault(place, 'settings that the agent takes', error.message);
    }
    if (error instanceof TranscriptFault) {
      throw error;
    }
    throw new Error(`${place.file}:${place.line}: ${messageOf(error)}`, { cause: error });
  }
}
