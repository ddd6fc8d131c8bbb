import { writeFileSync } from 'node:fs';
import { page, pageWithOutput } from './example.ts';

// Run in the root of the project: brings the output in docs/simulate.md up to date.
writeFileSync(page, await pageWithOutput());
