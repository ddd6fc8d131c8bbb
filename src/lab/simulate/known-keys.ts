import type { z } from 'zod';
import { isRecord, type Segments } from '../../policy/schema-tree.ts';

/** What of a zod schema's definition is read here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly discriminator?: string;
  readonly options?: readonly z.core.$ZodType[];
  readonly values?: readonly unknown[];
}

/** The keys that a schema knows at a place in a value, alternatives chosen as the value chooses them. */
export function knownKeys(schema: z.core.$ZodType, value: unknown, at: Segments): readonly string[] {
  let node: Definition | undefined = unwrapped(schema, value);
  let inner = value;
  for (const segment of at) {
    const next: z.core.$ZodType | undefined =
      typeof segment === 'number' ? node?.element : node?.shape?.[segment];
    inner = isRecord(inner) || Array.isArray(inner) ? Reflect.get(inner, segment) : undefined;
    node = next === undefined ? undefined : unwrapped(next, inner);
  }
  return Object.keys(node?.shape ?? {});
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def;
}

/** Through defaults, optionals and transforms, and into the alternative that the value is written for. */
function unwrapped(schema: z.core.$ZodType, value: unknown): Definition {
  const definition = definitionOf(schema);
  const inner = definition.innerType ?? definition.in;
  if (inner !== undefined) return unwrapped(inner, value);
  const { discriminator, options } = definition;
  if (discriminator === undefined || options === undefined || !isRecord(value)) return definition;
  const chosen = options
    .map((option) => unwrapped(option, value))
    .find(({ shape }) => {
      const literal = shape?.[discriminator];
      return literal !== undefined && definitionOf(literal).values?.includes(value[discriminator]) === true;
    });
  return chosen ?? definition;
}
