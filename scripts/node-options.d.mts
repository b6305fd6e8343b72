export function nodeOptions(): Promise<string[]>;
