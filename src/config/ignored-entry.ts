/**
 * What to say about an entry of a drop-in directory that is ignored, or that Zincati ignores. The operator put it there and believes that it is
 * read, so the sentence says what to do. Pure.
 */
import { printable } from '../text/printable.ts';
import { modeText } from '../text/mode-text.ts';

/** Other formats that people use by mistake: the contents must be rewritten. */
const OTHER_FORMAT = /\.(?:ya?ml|json5?|conf|cfg|config|ini|xml|txt)$/i;
/** Misspelt endings: renaming the file is enough. */
const MISSPELT = /\.(?:toml|tom|tml|toml\d+|tolm|tmol|tooml)$/i;
/** Backups made by an editor, a package manager or a person. */
const PUT_ASIDE = /\.toml(?:~|[.\-_#].*)$/i;
const FOR_PEOPLE = /^readme(?:\.[a-z]+)?$/i;

/** Undefined when there is nothing to say, for a dotfile or a README. */
export function adviceForName(directory: string, name: string): string | undefined {
  if (name.startsWith('.') || FOR_PEOPLE.test(name)) {
    return undefined;
  }
  return `${printable(`${directory}/${name}`)}: ignored, only files whose name ends in .toml are read; ${remedy(name)}`;
}

function remedy(name: string): string {
  const shown = (text: string) => printable(text);
  if (MISSPELT.test(name)) {
    return `rename it to ${shown(name.replace(MISSPELT, '.toml'))}`;
  }
  if (OTHER_FORMAT.test(name)) {
    return `write its contents as TOML into ${shown(name.replace(OTHER_FORMAT, '.toml'))} and remove it`;
  }
  if (PUT_ASIDE.test(name)) {
    return `remove it, or rename it to ${shown(name.replace(PUT_ASIDE, '.toml'))} to have it read`;
  }
  return `rename it to ${shown(name)}.toml if it is a drop-in, or remove it`;
}

export function adviceForDirectory(directory: string, name: string): string {
  return `${printable(`${directory}/${name}`)}: ignored, it is a directory; move its files into ${printable(directory)} itself`;
}

export function adviceForSpecialFile(directory: string, name: string): string {
  return `${printable(`${directory}/${name}`)}: ignored, a drop-in must be a regular file, or a symbolic link to one (or to /dev/null, to mask the name)`;
}

/** In place of a directory of drop-ins there is something else. */
export function adviceForNoDirectory(directory: string): string {
  return `${printable(directory)}: ignored, it must be a directory of drop-ins`;
}

export function adviceForDangling(file: string, target: string): string {
  return `${printable(file)}: ignored, the symbolic link leads to ${printable(target)}, which does not exist; remove the link, or make it lead to /dev/null to mask the name`;
}

/** It is read, and Zincati never did so: settings may be in force that slept there. */
export function adviceForLink(file: string, target: string): string {
  return `${printable(file)}: read through the symbolic link to ${printable(target)}, which Zincati ignores; put a file there if its settings are meant`;
}

/** It is read all the same. */
export function adviceForWritable(file: string, mode: number): string {
  return `${printable(file)}: every user of this host can change it, got mode ${modeText(mode)}; chmod o-w`;
}
