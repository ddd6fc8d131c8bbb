import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { chartDir } from './helm.ts';

interface Crd {
  readonly spec: { readonly versions: [{ additionalPrinterColumns: { name: string }[] }] };
}

/** The names of the columns that `kubectl get` shows of a CustomResourceDefinition. */
export function columnsOf(crd: unknown): readonly string[] {
  return (crd as Crd).spec.versions[0].additionalPrinterColumns.map(({ name }) => name);
}

/** The chart as a version before this one would have been: its policies show one column less. */
export function olderChart(dir: string): string {
  const folder = join(dir, 'older-chart');
  cpSync(chartDir, folder, { recursive: true });
  const file = join(folder, 'files/burstpolicies.yaml');
  const crd = parse(readFileSync(file, 'utf8')) as Crd;
  const [version] = crd.spec.versions;
  version.additionalPrinterColumns = version.additionalPrinterColumns.filter(
    ({ name }) => name !== 'Running',
  );
  writeFileSync(file, stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false }));
  return folder;
}
