import { chartReadme } from './readme.ts';
import { chartSchema } from './schema.ts';

/** What is made from the chart's values.yaml, and the paths of these files. */
export function chartFiles(): readonly { readonly file: string; readonly content: string }[] {
  return [
    { file: 'charts/spillway/README.md', content: chartReadme() },
    { file: 'charts/spillway/values.schema.json', content: chartSchema() },
  ];
}
