export function nodeOptions(launcher?: 'zincati' | 'zincati-fleet'): Promise<string[]>;
