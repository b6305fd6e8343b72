/** The introspection document of one object, for tools such as `busctl introspect` and `gdbus`. Pure. */
import { splitSignature } from './signature.ts';
import type { ExportedInterface } from './types.ts';

const DOCTYPE =
  '<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"\n' +
  ' "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">';
const EMITS = 'org.freedesktop.DBus.Property.EmitsChangedSignal';

/**
 * `interfaces`: those at `path`. `allPaths`: every exported path. Nothing needs to be escaped, because all names were
 * checked on export.
 */
export function introspectionXml(
  path: string,
  interfaces: readonly ExportedInterface[],
  allPaths: readonly string[],
): string {
  return documentOf([
    ...interfaces.flatMap(interfaceLines),
    ...childrenOf(path, allPaths).map((child) => `  <node name="${child}"/>`),
  ]);
}

/** A document of interfaces alone, as packages install it. */
export function interfacesXml(interfaces: readonly ExportedInterface[]): string {
  return documentOf(interfaces.flatMap(interfaceLines));
}

function documentOf(lines: readonly string[]): string {
  return [DOCTYPE, '<node>', ...lines, '</node>', ''].join('\n');
}

function interfaceLines(exported: ExportedInterface): readonly string[] {
  const { name, methods, properties = [], signals = [] } = exported;
  return [
    `  <interface name="${name}">`,
    ...methods.flatMap((method) =>
      element('method', method.member, [
        ...args(method.in, method.argNames, 'in'),
        ...args(method.out, method.outNames, 'out'),
      ]),
    ),
    ...signals.flatMap((signal) => element('signal', signal.member, args(signal.signature, signal.argNames))),
    ...properties.flatMap(({ name: property, signature, emits = 'true', ...more }) => [
      `    <property name="${property}" type="${signature}" access="${more.set === undefined ? 'read' : 'readwrite'}">`,
      `      <annotation name="${EMITS}" value="${emits}"/>`,
      '    </property>',
    ]),
    '  </interface>',
  ];
}

function element(kind: 'method' | 'signal', name: string, content: readonly string[]): readonly string[] {
  return content.length === 0
    ? [`    <${kind} name="${name}"/>`]
    : [`    <${kind} name="${name}">`, ...content, `    </${kind}>`];
}

function args(signature: string, names: readonly string[] = [], direction?: 'in' | 'out'): readonly string[] {
  return splitSignature(signature).map((type, index) => {
    const name = names[index];
    const named = name === undefined ? '' : ` name="${name}"`;
    const directed = direction === undefined ? '' : ` direction="${direction}"`;
    return `      <arg${named} type="${type}"${directed}/>`;
  });
}

function childrenOf(path: string, allPaths: readonly string[]): readonly string[] {
  const prefix = path === '/' ? '/' : `${path}/`;
  const names = allPaths
    .filter((other) => other !== path && other.startsWith(prefix))
    .map((other) => other.slice(prefix.length).split('/', 1)[0] ?? '');
  return [...new Set(names)].sort();
}
