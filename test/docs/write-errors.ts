import { writeFileSync } from 'node:fs';
import { errorsPage } from './errors-page.ts';

// Run from the root of the repository: node test/docs/write-errors.ts
writeFileSync('docs/errors.md', errorsPage());
