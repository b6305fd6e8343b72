/**
 * Loaded into the agent before the program (`node --require`): a SIGKILL at the WRITE_AT-th write below the state folder,
 * counted from the moment at which the file WRITE_ARMED is there. Each step counts: to open a file for writing, the
 * content, which is then half there, to flush it, to rename it.
 */
const { existsSync, writeSync } = require('node:fs');
const promises = require('node:fs/promises');

const { WRITE_AT, WRITE_ARMED, WRITE_FOLDER } = process.env;
let left = Number(WRITE_AT);

/** The file is one of those, and this is the write. */
function isThis(file) {
  if (!String(file).startsWith(WRITE_FOLDER) || !existsSync(WRITE_ARMED)) return false;
  left -= 1;
  return left === 0;
}

function die() {
  process.kill(process.pid, 'SIGKILL');
  // The signal ends the process before anything else is done.
  for (;;);
}

const { open, rename } = promises;
promises.open = async (file, flags, ...rest) => {
  const isWriting = typeof flags === 'number' ? (flags & 3) !== 0 : flags !== undefined && flags !== 'r';
  if (isWriting && isThis(file)) die();
  const handle = await open(file, flags, ...rest);
  const { writeFile, sync, datasync } = handle;
  handle.writeFile = (content) => {
    if (isThis(file)) {
      const bytes = Buffer.from(content);
      writeSync(handle.fd, bytes, 0, Math.floor(bytes.length / 2));
      die();
    }
    return writeFile.call(handle, content);
  };
  for (const [name, flush] of Object.entries({ sync, datasync })) {
    handle[name] = () => {
      if (isThis(file)) die();
      return flush.call(handle);
    };
  }
  return handle;
};
promises.rename = (from, to) => {
  if (isThis(to)) die();
  return rename(from, to);
};
