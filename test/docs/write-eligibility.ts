import { writeFileSync } from 'node:fs';
import { eligibilityPage } from './eligibility-page.ts';

// Run from the root of the repository: node test/docs/write-eligibility.ts
writeFileSync('docs/eligibility.md', eligibilityPage());
