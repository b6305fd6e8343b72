/** A random world in which something happened that must not. */
export class Violation extends Error {}
