/** Labels of one series. */
export type Labels = Readonly<Record<string, string>>;

/** One condition of a label selector; all of them must hold. */
export type Requirement =
  | { readonly operator: 'in' | 'notin'; readonly key: string; readonly values: readonly string[] }
  | { readonly operator: 'exists' | 'absent'; readonly key: string };

/** A selector that cannot be read; `problem` is a part of a sentence, without text of the caller but its position. */
export class SelectorProblem extends Error {
  override readonly name = 'SelectorProblem';
}

// Kubernetes: labels and selectors, syntax and character set.
const namePart = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPart = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Reads a label selector as Kubernetes writes it: `=`, `==`, `!=`, `in`, `notin`, `k` and `!k`, joined by commas. Empty:
 * everything. Throws SelectorProblem.
 */
export function parseSelector(text: string): readonly Requirement[] {
  const tokens = tokensOf(text);
  const requirements: Requirement[] = [];
  let at = 0;
  const next = (): string | undefined => tokens[at++];
  if (tokens.length === 0) return requirements;
  do {
    requirements.push(requirement(next, () => tokens[at]));
  } while (next() === ',');
  if (at <= tokens.length) throw new SelectorProblem('a comma is missing between two of its conditions');
  return requirements;
}

/** Whether labels satisfy a selector; as in Kubernetes, `!=` and `notin` hold for labels without the key. */
export function matches(requirements: readonly Requirement[], labels: Labels): boolean {
  return requirements.every((one) => {
    const value = Object.hasOwn(labels, one.key) ? labels[one.key] : undefined;
    switch (one.operator) {
      case 'exists':
        return value !== undefined;
      case 'absent':
        return value === undefined;
      case 'in':
        return value !== undefined && one.values.includes(value);
      case 'notin':
        return value === undefined || !one.values.includes(value);
    }
  });
}

function requirement(next: () => string | undefined, peek: () => string | undefined): Requirement {
  let key = next();
  if (key === '!') {
    key = checkedKey(next());
    return { operator: 'absent', key };
  }
  key = checkedKey(key);
  const operator = peek();
  if (operator === undefined || operator === ',') return { operator: 'exists', key };
  next();
  switch (operator) {
    case '=':
    case '==':
      return { operator: 'in', key, values: [single(next, peek)] };
    case '!=':
      return { operator: 'notin', key, values: [single(next, peek)] };
    case 'in':
    case 'notin':
      return { operator, key, values: several(next, peek) };
    default:
      throw new SelectorProblem('after a key comes one of =, ==, !=, in, notin or a comma');
  }
}

function single(next: () => string | undefined, peek: () => string | undefined): string {
  const following = peek();
  return following === undefined || following === ',' ? '' : checkedValue(next());
}

function several(next: () => string | undefined, peek: () => string | undefined): readonly string[] {
  if (next() !== '(') throw new SelectorProblem('the values of in and notin stand in parentheses');
  const values: string[] = [];
  for (;;) {
    const following = peek();
    values.push(following === ',' || following === ')' ? '' : checkedValue(next()));
    const end = next();
    if (end === ')') return values;
    if (end !== ',') throw new SelectorProblem('a parenthesis is not closed');
  }
}

function checkedKey(key: string | undefined): string {
  const [name = '', prefix, ...rest] = (key ?? '').split('/').toReversed();
  const prefixed = prefix === undefined || prefixPart.test(prefix);
  if (rest.length > 0 || !namePart.test(name) || !prefixed) {
    throw new SelectorProblem('one of its keys is no label key');
  }
  return key ?? '';
}

function checkedValue(value: string | undefined): string {
  if (value === undefined || !namePart.test(value)) {
    throw new SelectorProblem('one of its values is no label value');
  }
  return value;
}

function tokensOf(text: string): readonly string[] {
  const tokens: string[] = [];
  const token = /\s*(==|!=|=|!|,|\(|\)|[^\s,()=!<>]+)\s*/y;
  while (token.lastIndex < text.length) {
    const found = token.exec(text)?.[1];
    if (found === undefined) {
      if (text.trim() === '') return [];
      throw new SelectorProblem('it has a character that no selector of an HPA has');
    }
    tokens.push(found);
  }
  return tokens;
}
