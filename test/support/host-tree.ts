/** A host's file system in a temporary directory, for code that takes a root. `await using` removes it. */
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export class HostTree implements AsyncDisposable {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** `files` are absolute paths as the host sees them, with their contents. */
  static async create(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<HostTree> {
    const tree = new HostTree(await realpath(await mkdtemp(join(tmpdir(), 'host-'))));
    for (const [path, contents] of Object.entries(files)) {
      await tree.write(path, contents);
    }
    return tree;
  }

  /** The real location of `path`. */
  at(path: string): string {
    return join(this.root, path);
  }

  async write(path: string, contents: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await writeFile(this.at(path), contents);
  }

  async directory(path: string): Promise<void> {
    await mkdir(this.at(path), { recursive: true });
  }

  /** `target` is written into the link as it is. */
  async link(path: string, target: string): Promise<void> {
    await mkdir(dirname(this.at(path)), { recursive: true });
    await symlink(target, this.at(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}
