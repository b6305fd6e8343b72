/** The introspection document of one object, for tools such as `busctl introspect` and `gdbus`. Pure. */
import { splitSignature } from './signature.ts';
import type { ExportedInterface } from './types.ts';

const DOCTYPE =
  '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n' +
  ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">';

/**
 * `interfaces`: those at `path`. `allPaths`: every exported path. Nothing needs to be escaped, because all names were
 * checked on export.
 */
export function introspectionXml(
  path: string,
  interfaces: readonly ExportedInterface[],
  allPaths: readonly string[],
): string {
  const lines = [DOCTYPE, '<node>'];
  for (const { name, methods } of interfaces) {
    lines.push(`  <interface name="${name}">`);
    for (const method of methods) {
      lines.push(`    <method name="${method.member}">`);
      const names = method.argNames ?? [];
      lines.push(...splitSignature(method.in).map((type, index) => argument(type, 'in', names[index])));
      lines.push(...splitSignature(method.out).map((type) => argument(type, 'out')));
      lines.push('    </method>');
    }
    lines.push('  </interface>');
  }
  lines.push(...childrenOf(path, allPaths).map((child) => `  <node name="${child}"/>`), '</node>', '');
  return lines.join('\n');
}

function argument(type: string, direction: 'in' | 'out', name?: string): string {
  return `      <arg${name === undefined ? '' : ` name="${name}"`} type="${type}" direction="${direction}"/>`;
}

function childrenOf(path: string, allPaths: readonly string[]): readonly string[] {
  const prefix = path === '/' ? '/' : `${path}/`;
  const names = allPaths
    .filter((other) => other !== path && other.startsWith(prefix))
    .map((other) => other.slice(prefix.length).split('/', 1)[0] ?? '');
  return [...new Set(names)].sort();
}
