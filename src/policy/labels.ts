/** Whether all of `wanted` are among the labels, as `matchLabels` and a node selector ask for them. Nothing wanted: they are. */
export function carries(
  labels: Readonly<Record<string, unknown>> | undefined,
  wanted: Readonly<Record<string, unknown>>,
): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  return true;
}
