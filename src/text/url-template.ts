/** Templates in base URLs, such as `${basearch}`. Pure. */

/** The names that are allowed between `${` and `}`. */
export const TEMPLATE_NAMES = ['basearch', 'group', 'platform', 'stream'] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

/** Replaces the known templates. Values are percent-encoded, because they come from files and labels. */
export function expandTemplate(text: string, values: Readonly<Record<TemplateName, string>>): string {
  return TEMPLATE_NAMES.reduce(
    (result, name) => result.replaceAll(`\${${name}}`, () => encodeURIComponent(values[name])),
    text,
  );
}
