/**
 * Transcripts: files that tell what people and the world do to a node, why, and what the node then does.
 *
 *     # What this transcript is about.
 *
 *     # Why the next thing happens.
 *     gate block outside of maintenance windows until=+2h
 *     run 5m
 *     ----
 *     +0:00:00 INFO  ...
 *
 * A block is comments and commands, `----`, and what came of them up to the next empty line. `(nothing)` stands where
 * people hear of nothing. Commands are in transcript/commands.ts, the lines in transcript/scene.ts.
 *
 * Invariants:
 * - A file begins with what it is about, and each block with a reason.
 * - Every fault of a file names its line and what was expected there.
 */
import { TranscriptFault, type Place } from './transcript/fault.ts';
import type { Scene } from './transcript/scene.ts';
import { readStep, type Step } from './transcript/steps.ts';

const NOTHING = '(nothing)';
const RULE = '----';

interface Block {
  /** Comments and commands as they stand in the file. */
  readonly head: readonly string[];
  readonly steps: readonly Step[];
}

export interface Transcript {
  /** The lines of the first comment. */
  readonly about: readonly string[];
  readonly blocks: readonly Block[];
  /** The forms of all commands in it. */
  readonly forms: ReadonlySet<string>;
}

/** `complete`: each block must have its output. Throws TranscriptFault. */
export function readTranscript(text: string, file: string, complete: boolean): Transcript {
  const [first, ...others] = paragraphsOf(text, file);
  const isComment = ({ text: line }: Line): boolean => line.startsWith('# ');
  if (first?.every(isComment) !== true) {
    throw new TranscriptFault(
      { file, line: first?.find((line) => !isComment(line))?.place.line ?? 1 },
      'comments that say what the transcript is about, and then an empty line',
      JSON.stringify(first?.find((line) => !isComment(line))?.text ?? ''),
    );
  }
  if (others.length === 0) {
    throw new TranscriptFault(
      endOf(first),
      'a block of comments, commands and output',
      'the end of the file',
    );
  }
  const blocks = others.map((lines) => blockOf(lines, complete));
  return {
    about: first.map((line) => line.text),
    blocks,
    forms: new Set(blocks.flatMap(({ steps }) => steps.flatMap(({ forms }) => forms))),
  };
}

/** The file as it has to be: its comments and commands, and what the node did. Throws TranscriptFault. */
export function playTranscript({ about, blocks }: Transcript): string {
  let scene: Scene | undefined;
  const told = blocks.map(({ head, steps }) => {
    for (const step of steps) {
      scene = step.run(scene);
    }
    const lines = scene?.take() ?? [];
    return [...head, RULE, ...(lines.length === 0 ? [NOTHING] : lines)].join('\n');
  });
  const [left] = scene?.outstanding ?? [];
  if (left !== undefined) {
    throw new TranscriptFault(left.place, `${left.kind} to be performed later on`, 'the end without it');
  }
  return `${[about.join('\n'), ...told].join('\n\n')}\n`;
}

interface Line {
  readonly text: string;
  readonly place: Place;
}
type Paragraph = readonly [Line, ...Line[]];

/** Lines between empty ones. */
function paragraphsOf(text: string, file: string): Paragraph[] {
  const paragraphs: [Line, ...Line[]][] = [];
  let open: [Line, ...Line[]] | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const here = { text: line, place: { file, line: index + 1 } };
    if (line.trim() === '') {
      open = undefined;
    } else if (open === undefined) {
      open = [here];
      paragraphs.push(open);
    } else {
      open.push(here);
    }
  }
  return paragraphs;
}

function blockOf(lines: Paragraph, complete: boolean): Block {
  const rule = lines.findIndex(({ text }) => text === RULE);
  const head = rule < 0 ? lines : lines.slice(0, rule);
  if (!lines[0].text.startsWith('# ')) {
    throw new TranscriptFault(
      lines[0].place,
      'a comment that says why the next thing happens',
      JSON.stringify(lines[0].text),
    );
  }
  const steps = head
    .filter(({ text }) => !text.startsWith('# '))
    .map(({ text, place }) => readStep(text, place));
  if (steps.length === 0) {
    throw new TranscriptFault(endOf(head), 'a command after the comment', 'none');
  }
  if (complete && rule < 0) {
    throw new TranscriptFault(
      endOf(lines),
      `${RULE} and output after the command (UPDATE=1 writes them)`,
      'none',
    );
  }
  if (complete && rule === lines.length - 1) {
    throw new TranscriptFault(endOf(lines), `output after ${RULE} (UPDATE=1 writes it)`, 'none');
  }
  return { head: head.map(({ text }) => text), steps };
}

function endOf(lines: readonly Line[]): Place {
  return lines.at(-1)?.place ?? { file: '', line: 1 };
}
