/**
 * What proves who this node is, as a server or a proxy may repeat it in an answer. Pure.
 *
 * Invariant: a secret of fewer than {@link SHORTEST} characters is not looked for, since it would be found in any text.
 */

const SHORTEST = 3;

/** User and password of an address: as they stand, decoded, and as the header `Authorization: Basic` has them. */
export function secretsIn({ username, password }: URL): readonly string[] {
  if (username === '' && password === '') {
    return [];
  }
  const pair = `${decoded(username)}:${decoded(password)}`;
  return [Buffer.from(pair).toString('base64'), pair, password, decoded(password)];
}

/** `text` with `***` in the place of each secret. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
    .reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

/** A stray percent sign stands for itself. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
