export const ARCHITECTURES: Readonly<
  Record<
    'x86_64' | 'aarch64',
    { readonly runtime: string; readonly addon: string | undefined; readonly oldestSystemd: number }
  >
>;
export function isRuntimeHere(architecture: string): boolean;
export function runtimeOf(
  architecture: string,
): Promise<{ readonly folder: string; readonly version: string }>;
