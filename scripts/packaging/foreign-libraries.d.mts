export const AARCH64_LIBRARIES: string;
export function areForeignLibrariesHere(): boolean;
export function fetchForeignLibraries(): Promise<void>;
